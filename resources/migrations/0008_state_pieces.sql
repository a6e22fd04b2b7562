-- A state is kept in pieces: what stands before the memory, the memory of each layer, the rest. A piece is a file named
-- by a hash of its content, so what several states have in common is there once. States of earlier versions have no
-- rows here: they are one file of that name.
CREATE TABLE state_piece (
  state TEXT NOT NULL,                        -- snapshot.file or session.origin
  position INTEGER NOT NULL,                  -- from 0, in the order of the state file's bytes
  hash TEXT NOT NULL,                         -- 32 hexadecimal digits, of the content before it is compressed
  bytes INTEGER NOT NULL CHECK (bytes >= 0),  -- of the piece's file
  PRIMARY KEY (state, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX state_piece_by_hash ON state_piece (hash);

-- With the last row that names a state, its pieces are not named any more. Files without a row are removed.
CREATE TRIGGER state_of_snapshot_gone AFTER DELETE ON snapshot BEGIN
  DELETE FROM state_piece WHERE state = old.file
    AND NOT EXISTS (SELECT 1 FROM session WHERE origin = old.file);
END;
CREATE TRIGGER state_of_origin_gone AFTER DELETE ON session WHEN old.origin != '' BEGIN
  DELETE FROM state_piece WHERE state = old.origin
    AND NOT EXISTS (SELECT 1 FROM session WHERE origin = old.origin)
    AND NOT EXISTS (SELECT 1 FROM snapshot WHERE file = old.origin);
END;
