-- A session may begin with a state from a file: one that somebody gave away, or that was trained.
ALTER TABLE session ADD COLUMN origin TEXT NOT NULL DEFAULT '';  -- its name in the folder of states; empty: nothing read
