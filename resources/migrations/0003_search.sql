-- Words of titles and of texts. The tables hold no text of their own: they point at the rows it stands in, and the
-- triggers keep them in step. A node that is being written has no text yet: it is found when it is finished.
CREATE VIRTUAL TABLE session_words USING fts5 (
  title, content = 'session', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2');
CREATE TRIGGER session_words_insert AFTER INSERT ON session BEGIN
  INSERT INTO session_words (rowid, title) VALUES (new.id, new.title);
END;
CREATE TRIGGER session_words_delete AFTER DELETE ON session BEGIN
  INSERT INTO session_words (session_words, rowid, title) VALUES ('delete', old.id, old.title);
END;
CREATE TRIGGER session_words_update AFTER UPDATE OF title ON session WHEN old.title IS NOT new.title BEGIN
  INSERT INTO session_words (session_words, rowid, title) VALUES ('delete', old.id, old.title);
  INSERT INTO session_words (rowid, title) VALUES (new.id, new.title);
END;

CREATE VIRTUAL TABLE node_words USING fts5 (
  text, content = 'node', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2');
CREATE TRIGGER node_words_insert AFTER INSERT ON node BEGIN
  INSERT INTO node_words (rowid, text) VALUES (new.id, new.text);
END;
CREATE TRIGGER node_words_delete AFTER DELETE ON node BEGIN
  INSERT INTO node_words (node_words, rowid, text) VALUES ('delete', old.id, old.text);
END;
CREATE TRIGGER node_words_update AFTER UPDATE OF text ON node WHEN old.text IS NOT new.text BEGIN
  INSERT INTO node_words (node_words, rowid, text) VALUES ('delete', old.id, old.text);
  INSERT INTO node_words (rowid, text) VALUES (new.id, new.text);
END;

INSERT INTO session_words (session_words) VALUES ('rebuild');
INSERT INTO node_words (node_words) VALUES ('rebuild');

-- What a search leaves out: branches in the bin, found without reading every node.
CREATE INDEX node_deleted ON node (id) WHERE deleted IS NOT NULL;
