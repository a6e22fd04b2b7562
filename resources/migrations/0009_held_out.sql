-- The loss on rows that are held out of all training, before the first step (step 0) and at phase ends: what is forgotten.
ALTER TABLE run_step ADD COLUMN held_out REAL;
