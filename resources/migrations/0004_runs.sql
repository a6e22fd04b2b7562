-- Training runs. The process that trains writes here and reads what is wanted of it; windows come and go.
CREATE TABLE run (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  recipe TEXT NOT NULL,       -- TOML
  recipe_file TEXT NOT NULL,  -- from whose folder the recipe's paths are taken; need not exist
  base TEXT NOT NULL,         -- the model that is trained, for people
  folder TEXT NOT NULL,
  device TEXT NOT NULL,
  threads INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'paused', 'stopped', 'interrupted', 'finished', 'failed')),
  wanted TEXT NOT NULL DEFAULT 'run' CHECK (wanted IN ('run', 'pause', 'stop')),
  process TEXT,                     -- that is training it
  message TEXT NOT NULL DEFAULT '',
  result TEXT NOT NULL DEFAULT '',  -- what it made
  step INTEGER NOT NULL DEFAULT 0,
  done REAL NOT NULL DEFAULT 0,     -- of all phases
  seconds_left REAL,                -- of the phase under way
  memory INTEGER NOT NULL DEFAULT 0,
  cuts INTEGER NOT NULL DEFAULT 0,  -- how often steps were taken back: readers begin anew
  created INTEGER NOT NULL,
  queued INTEGER NOT NULL,          -- the run that has waited longest is next
  started INTEGER,
  finished INTEGER
) STRICT;

CREATE TABLE run_phase (
  run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  name TEXT NOT NULL,
  first_step INTEGER,  -- NULL: not begun
  PRIMARY KEY (run, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE run_step (
  run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  step INTEGER NOT NULL,
  phase INTEGER NOT NULL,
  loss REAL,
  learning_rate REAL,
  gradient_norm REAL,
  tokens_per_second REAL,
  validation REAL,   -- loss
  right_share REAL,  -- of the validation's answers
  refused TEXT,      -- why the step was not taken
  PRIMARY KEY (run, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE run_sample (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  step INTEGER NOT NULL,
  prompt TEXT NOT NULL,
  text TEXT NOT NULL
) STRICT;
CREATE INDEX run_sample_by_run ON run_sample (run, id);

CREATE TABLE run_event (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  time INTEGER NOT NULL,
  text TEXT NOT NULL
) STRICT;
CREATE INDEX run_event_by_run ON run_event (run, id);
