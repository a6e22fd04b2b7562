-- Evaluations: a model and problems with known answers. The process that evaluates writes each reply as it is made.
CREATE TABLE evaluation (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  model TEXT NOT NULL,
  suite TEXT NOT NULL,
  samples INTEGER NOT NULL CHECK (samples >= 0),  -- beside the greedy reply
  temperature REAL NOT NULL,
  top_p REAL NOT NULL,
  seed INTEGER NOT NULL,
  max_tokens INTEGER NOT NULL,
  solve INTEGER NOT NULL CHECK (solve IN (0, 1)),
  device TEXT NOT NULL,
  threads INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'stopped', 'interrupted', 'finished', 'failed')),
  stop_wanted INTEGER NOT NULL DEFAULT 0 CHECK (stop_wanted IN (0, 1)),
  process TEXT,
  message TEXT NOT NULL DEFAULT '',
  seconds REAL NOT NULL DEFAULT 0,
  tokens INTEGER NOT NULL DEFAULT 0,
  created INTEGER NOT NULL,
  queued INTEGER NOT NULL
) STRICT;

CREATE TABLE evaluation_item (
  evaluation INTEGER NOT NULL REFERENCES evaluation (id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  problem TEXT NOT NULL,
  expected TEXT NOT NULL,
  level INTEGER,
  concepts TEXT NOT NULL CHECK (json_valid(concepts)),
  text TEXT,       -- the greedy reply; NULL: not made yet
  answer TEXT,     -- found in it
  is_right INTEGER NOT NULL DEFAULT 0 CHECK (is_right IN (0, 1)),
  tokens INTEGER NOT NULL DEFAULT 0,
  votes TEXT CHECK (votes IS NULL OR json_valid(votes)),
  majority TEXT,
  majority_right INTEGER NOT NULL DEFAULT 0 CHECK (majority_right IN (0, 1)),
  PRIMARY KEY (evaluation, number)
) STRICT, WITHOUT ROWID;
