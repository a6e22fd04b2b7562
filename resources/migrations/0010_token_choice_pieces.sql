-- What was kept of a node's tokens, piece by piece: a text that goes on adds one and leaves the others as they are.
CREATE TABLE token_choice_piece (
  node INTEGER NOT NULL REFERENCES node (id) ON DELETE CASCADE,
  first INTEGER NOT NULL CHECK (first >= 0),  -- tokens of the node before the piece's own
  choices BLOB NOT NULL,                      -- app/store/columns.h has the form
  PRIMARY KEY (node, first)
) STRICT;
INSERT INTO token_choice_piece (node, first, choices) SELECT node, 0, choices FROM token_choice;
DROP TABLE token_choice;
