-- A branch that was deleted can be brought back: its first node is marked, and what grew from it goes along.
ALTER TABLE node ADD COLUMN deleted INTEGER;

-- For each token of a node its log probability and the likeliest others (app/store/columns.h has the form).
CREATE TABLE token_choice (
  node INTEGER PRIMARY KEY REFERENCES node (id) ON DELETE CASCADE,
  choices BLOB NOT NULL
) STRICT;

-- State files that were not used for long go first when there are too many.
ALTER TABLE snapshot ADD COLUMN name TEXT NOT NULL DEFAULT '';  -- given by a person
ALTER TABLE snapshot ADD COLUMN used INTEGER NOT NULL DEFAULT 0;
