-- Problems that were made here, in sets. `made` is the whole row with its provenance, as one line of JSON
-- (training/made_problem.h); the other columns are what lists are drawn and sorted by.
CREATE TABLE problem_set (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE CHECK (name != ''),
  created INTEGER NOT NULL
) STRICT;

CREATE TABLE problem (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  problem_set INTEGER NOT NULL REFERENCES problem_set (id) ON DELETE CASCADE,
  statement TEXT NOT NULL,
  answer TEXT NOT NULL,
  level INTEGER NOT NULL,
  concepts TEXT NOT NULL,  -- apart by "; "
  verdict TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('new', 'accepted', 'rejected')),
  edited INTEGER NOT NULL DEFAULT 0 CHECK (edited IN (0, 1)),
  made TEXT NOT NULL CHECK (json_valid(made)),
  created INTEGER NOT NULL
) STRICT;
CREATE INDEX problem_by_set ON problem (problem_set, id);
