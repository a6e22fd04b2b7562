-- Times are milliseconds since the start of 1970, UTC. Token ids are 32-bit little-endian integers in one BLOB.
-- Seeds and hashes are 64-bit patterns: a value above the largest signed one is stored as its negative twin.

CREATE TABLE setting (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Weights that wrote or read something here, in the number format they were computed in.
CREATE TABLE checkpoint (
  id INTEGER PRIMARY KEY,
  fingerprint TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  path TEXT NOT NULL,
  layout TEXT NOT NULL,
  dtype TEXT NOT NULL,
  tokenizer TEXT NOT NULL,  -- a hash of its pieces: token ids mean the same where it is the same
  first_used INTEGER NOT NULL,
  last_used INTEGER NOT NULL
) STRICT;

CREATE TABLE session (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  title TEXT NOT NULL,
  named INTEGER NOT NULL DEFAULT 0 CHECK (named IN (0, 1)),  -- 1: the title was given by a person
  draft TEXT NOT NULL DEFAULT '',                            -- typed and not sent
  head INTEGER REFERENCES node (id) ON DELETE SET NULL,      -- the last node of the branch that is shown
  created INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  deleted INTEGER                                            -- in the bin since then
) STRICT;
CREATE INDEX session_by_change ON session (changed);

-- A session is a tree. The token ids from a root to a node, in order, are exactly what a model read and wrote to get
-- there: a state can always be made again from them.
CREATE TABLE node (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  session INTEGER NOT NULL REFERENCES session (id) ON DELETE CASCADE,
  parent INTEGER REFERENCES node (id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('system', 'user', 'thought', 'answer', 'note')),
  text TEXT NOT NULL,
  tokens BLOB CHECK (length(tokens) % 4 = 0),  -- markers included; NULL: no model has read it yet
  writer TEXT,                                 -- the process that is writing it; NULL: finished
  checkpoint INTEGER REFERENCES checkpoint (id),
  chat_format TEXT,
  sampler TEXT CHECK (sampler IS NULL OR json_valid(sampler)),
  seed INTEGER,
  draws INTEGER,                               -- random numbers drawn in the session before its first token
  stop_reason TEXT,
  statistics TEXT CHECK (statistics IS NULL OR json_valid(statistics)),
  favourite INTEGER NOT NULL DEFAULT 0 CHECK (favourite IN (0, 1)),
  created INTEGER NOT NULL,
  finished INTEGER
) STRICT;
CREATE INDEX node_by_session ON node (session, id);
CREATE INDEX node_by_parent ON node (parent);
CREATE INDEX node_running ON node (id) WHERE writer IS NOT NULL;

-- Running text, piece by piece, until its node is finished.
CREATE TABLE journal (
  node INTEGER NOT NULL REFERENCES node (id) ON DELETE CASCADE,
  seq INTEGER NOT NULL,
  tokens BLOB NOT NULL CHECK (length(tokens) % 4 = 0),
  text TEXT NOT NULL,
  PRIMARY KEY (node, seq)
) STRICT, WITHOUT ROWID;

-- State files beside the database: a cache, made again from token ids when one is gone.
CREATE TABLE snapshot (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  session INTEGER NOT NULL REFERENCES session (id) ON DELETE CASCADE,
  checkpoint INTEGER NOT NULL REFERENCES checkpoint (id),
  position INTEGER NOT NULL CHECK (position > 0),  -- tokens read
  prefix_hash INTEGER NOT NULL,                    -- of these tokens
  file TEXT NOT NULL UNIQUE,
  bytes INTEGER NOT NULL CHECK (bytes >= 0),
  pinned INTEGER NOT NULL DEFAULT 0 CHECK (pinned IN (0, 1)),
  created INTEGER NOT NULL
) STRICT;
CREATE INDEX snapshot_by_prefix ON snapshot (prefix_hash, checkpoint);
CREATE INDEX snapshot_by_session ON snapshot (session);
