PRAGMA application_id = 1281977189;
PRAGMA user_version = 2;
BEGIN;

CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE kinds (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE CHECK (length(CAST(name AS BLOB)) BETWEEN 1 AND 32)
) STRICT;
CREATE TABLE pages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    site TEXT NOT NULL CHECK (length(site) BETWEEN 1 AND 32),
    path TEXT NOT NULL CHECK (length(CAST(path AS BLOB)) BETWEEN 1 AND 512),
    salt BLOB NOT NULL CHECK (length(salt) = 16),
    target INTEGER REFERENCES pages (id) CHECK (target <> id),
    hour INTEGER NOT NULL, state INTEGER NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 2),
    UNIQUE (site, path)
) STRICT;
CREATE INDEX pages_target ON pages (target) WHERE target IS NOT NULL;
CREATE TABLE likes (
    page INTEGER NOT NULL REFERENCES pages (id),
    kind INTEGER NOT NULL REFERENCES kinds (id),
    voter BLOB NOT NULL CHECK (length(voter) = 16),
    n INTEGER NOT NULL CHECK (n > 0),
    hour INTEGER NOT NULL,
    rank INTEGER NOT NULL CHECK (rank BETWEEN 0 AND 3),
    PRIMARY KEY (page, kind, voter)
) STRICT, WITHOUT ROWID;
CREATE TABLE counts (
    page INTEGER NOT NULL REFERENCES pages (id),
    kind INTEGER NOT NULL REFERENCES kinds (id),
    seed INTEGER NOT NULL DEFAULT 0,
    likes INTEGER NOT NULL DEFAULT 0 CHECK (likes >= 0),
    PRIMARY KEY (page, kind)
) STRICT, WITHOUT ROWID;
CREATE TABLE hourly (
    page INTEGER NOT NULL REFERENCES pages (id),
    kind INTEGER NOT NULL REFERENCES kinds (id),
    hour INTEGER NOT NULL,
    ups INTEGER NOT NULL DEFAULT 0 CHECK (ups >= 0),
    downs INTEGER NOT NULL DEFAULT 0 CHECK (downs >= 0),
    PRIMARY KEY (page, kind, hour)
) STRICT, WITHOUT ROWID;
CREATE TABLE corrections (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    second INTEGER NOT NULL,
    actor TEXT NOT NULL,
    site TEXT NOT NULL,
    action TEXT NOT NULL,
    asked TEXT NOT NULL,
    done TEXT NOT NULL,
    inverse TEXT,
    undone INTEGER
) STRICT;
CREATE TABLE removed (
    correction INTEGER NOT NULL REFERENCES corrections (id),
    page INTEGER NOT NULL REFERENCES pages (id),
    kind INTEGER NOT NULL REFERENCES kinds (id),
    voter BLOB NOT NULL CHECK (length(voter) = 16),
    n INTEGER NOT NULL CHECK (n > 0),
    hour INTEGER NOT NULL,
    rank INTEGER NOT NULL CHECK (rank BETWEEN 0 AND 3),
    PRIMARY KEY (correction, page, kind, voter)
) STRICT, WITHOUT ROWID;
CREATE TABLE surges (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    site TEXT NOT NULL,
    page INTEGER REFERENCES pages (id),
    first_hour INTEGER NOT NULL,
    last_hour INTEGER NOT NULL CHECK (last_hour >= first_hour),
    likes INTEGER NOT NULL
) STRICT;
CREATE INDEX surges_last ON surges (site, last_hour);

INSERT INTO corrections (id, second, actor, site, action, asked, done, inverse, undone) VALUES (1, 3599985600, 'key 00000000', 'default', 'merge', '{"page":"/old","to":"/hello"}', '{"page":"/hello","before":{"like":43,"🎉":3},"after":{"like":50,"🎉":3}}', '{"page":5,"others":[],"into":1}', NULL);
INSERT INTO corrections (id, second, actor, site, action, asked, done, inverse, undone) VALUES (2, 3599985600, 'key 00000000', 'default', 'block', '{"page":"/spam"}', '{"page":"/spam","before":{"like":4},"after":{"like":4}}', '{"page":6,"state":0}', NULL);
INSERT INTO corrections (id, second, actor, site, action, asked, done, inverse, undone) VALUES (3, 3599985600, 'key 00000000', 'default', 'delete', '{"page":"/made-up"}', '{"page":"/made-up","before":{"like":1},"after":{"like":0},"removed":1}', '{"page":7,"others":[],"seeds":[],"state":0}', NULL);
INSERT INTO corrections (id, second, actor, site, action, asked, done, inverse, undone) VALUES (4, 3599985600, 'key 00000000', 'default', 'set', '{"page":"/set","kind":"like","count":100}', '{"page":"/set","before":{},"after":{"like":100}}', '{"page":8,"kind":1,"change":100,"made":8,"was_deleted":false}', NULL);
INSERT INTO corrections (id, second, actor, site, action, asked, done, inverse, undone) VALUES (5, 3599985600, 'command', 'default', 'purge', '{"page":"/spam","keep":1}', '{"kept":1,"removed":3}', '{}', NULL);
INSERT INTO corrections (id, second, actor, site, action, asked, done, inverse, undone) VALUES (6, 3599985600, 'key 00000000', 'default', 'rename', '{"page":"/café","to":"/cafe"}', '{"page":"/cafe","before":{"like":0},"after":{"like":0}}', NULL, 3599985600);
INSERT INTO corrections (id, second, actor, site, action, asked, done, inverse, undone) VALUES (7, 3599985600, 'key 00000000', 'default', 'undo', '{"correction":6}', '{"action":"rename"}', NULL, NULL);

INSERT INTO counts (page, kind, seed, likes) VALUES (1, 1, 40, 3);
INSERT INTO counts (page, kind, seed, likes) VALUES (1, 2, 0, 3);
INSERT INTO counts (page, kind, seed, likes) VALUES (2, 1, 0, 0);
INSERT INTO counts (page, kind, seed, likes) VALUES (3, 3, 0, 1);
INSERT INTO counts (page, kind, seed, likes) VALUES (5, 1, 7, 0);
INSERT INTO counts (page, kind, seed, likes) VALUES (6, 1, 0, 1);
INSERT INTO counts (page, kind, seed, likes) VALUES (7, 1, 0, 0);
INSERT INTO counts (page, kind, seed, likes) VALUES (8, 1, 100, 0);

INSERT INTO hourly (page, kind, hour, ups, downs) VALUES (1, 1, 999996, 3, 0);
INSERT INTO hourly (page, kind, hour, ups, downs) VALUES (1, 2, 999996, 3, 0);
INSERT INTO hourly (page, kind, hour, ups, downs) VALUES (2, 1, 999996, 1, 1);
INSERT INTO hourly (page, kind, hour, ups, downs) VALUES (3, 3, 999996, 1, 0);
INSERT INTO hourly (page, kind, hour, ups, downs) VALUES (6, 1, 999996, 1, 0);
INSERT INTO hourly (page, kind, hour, ups, downs) VALUES (7, 1, 999996, 0, 0);

INSERT INTO kinds (id, name) VALUES (1, 'like');
INSERT INTO kinds (id, name) VALUES (2, '🎉');
INSERT INTO kinds (id, name) VALUES (3, '❤️');

INSERT INTO likes (page, kind, voter, n, hour, rank) VALUES (1, 1, X'3D1DC497EBE614D508DA7770859EEB9A', 1, 999996, 3);
INSERT INTO likes (page, kind, voter, n, hour, rank) VALUES (1, 1, X'4D80541BB732236C252B1D3F4332B673', 1, 999996, 2);
INSERT INTO likes (page, kind, voter, n, hour, rank) VALUES (1, 1, X'85301267A2657908CDB5D9E86DB6E962', 1, 999996, 1);
INSERT INTO likes (page, kind, voter, n, hour, rank) VALUES (1, 2, X'09EE8B666C76DC3015A4DC80A563EF9F', 3, 999996, 1);
INSERT INTO likes (page, kind, voter, n, hour, rank) VALUES (3, 3, X'4C48ADB758AE584811F9A01F056E3349', 1, 999996, 1);
INSERT INTO likes (page, kind, voter, n, hour, rank) VALUES (6, 1, X'3D2351C7A7005212F9BF4729D0428BBB', 1, 999996, 1);

INSERT INTO meta (name, value) VALUES ('admin_key', X'000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F');
INSERT INTO meta (name, value) VALUES ('secret_mark', X'C2E55C372F323A577D59D10C00FCA899');
INSERT INTO meta (name, value) VALUES ('version', X'302E312E30');

INSERT INTO pages (id, site, path, salt, target, hour, state) VALUES (1, 'default', '/hello', X'1022A964B82CCC873B4567C16E63E128', NULL, 999996, 0);
INSERT INTO pages (id, site, path, salt, target, hour, state) VALUES (2, 'default', '/café', X'045EFFAC47EF31E533520DB5C4CE117A', NULL, 999996, 0);
INSERT INTO pages (id, site, path, salt, target, hour, state) VALUES (3, 'notes', 'a note', X'490DF762C3E9B6662701B98DAF884CE0', NULL, 999996, 0);
INSERT INTO pages (id, site, path, salt, target, hour, state) VALUES (4, 'default', '/hello.html', X'9C69AD03CA973B21D7C7ED5AF0D633C1', 1, 999996, 0);
INSERT INTO pages (id, site, path, salt, target, hour, state) VALUES (5, 'default', '/old', X'0538DD286232CAAC18B8E76CA1544FD3', 1, 999996, 0);
INSERT INTO pages (id, site, path, salt, target, hour, state) VALUES (6, 'default', '/spam', X'5ADB21EBFDB01309706A5C5A10BAEF91', NULL, 999996, 1);
INSERT INTO pages (id, site, path, salt, target, hour, state) VALUES (7, 'default', '/made-up', X'D6D98497235E6D5B68FACC5B604F2037', NULL, 999996, 2);
INSERT INTO pages (id, site, path, salt, target, hour, state) VALUES (8, 'default', '/set', X'1D1A779CFCCE29941F677CD943409230', NULL, 999996, 0);

INSERT INTO removed (correction, page, kind, voter, n, hour, rank) VALUES (3, 7, 1, X'2ED5EDA27917E722890390533D29767C', 1, 999996, 1);
INSERT INTO removed (correction, page, kind, voter, n, hour, rank) VALUES (5, 6, 1, X'8A33628362AEDCDA19809765C8CF7C0C', 1, 999996, 0);
INSERT INTO removed (correction, page, kind, voter, n, hour, rank) VALUES (5, 6, 1, X'94FE6F104AA518D987DA406D10B73324', 1, 999996, 2);
INSERT INTO removed (correction, page, kind, voter, n, hour, rank) VALUES (5, 6, 1, X'B99E35A1D800691B998C234531E48130', 1, 999996, 3);

DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence (name, seq) VALUES ('corrections', 7);
INSERT INTO sqlite_sequence (name, seq) VALUES ('pages', 9);
INSERT INTO sqlite_sequence (name, seq) VALUES ('surges', 2);

INSERT INTO surges (id, site, page, first_hour, last_hour, likes) VALUES (1, 'default', 6, 999996, 999996, 4);
INSERT INTO surges (id, site, page, first_hour, last_hour, likes) VALUES (2, 'default', NULL, 999996, 999996, 9);
COMMIT;
