PRAGMA application_id = 1281977189;
PRAGMA user_version = 3;
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
CREATE TABLE reasons (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    page INTEGER NOT NULL REFERENCES pages (id),
    kind INTEGER NOT NULL REFERENCES kinds (id),
    voter BLOB NOT NULL CHECK (length(voter) = 16),
    reason TEXT NOT NULL CHECK (length(reason) BETWEEN 1 AND 280),
    hour INTEGER NOT NULL,
    correction INTEGER NOT NULL DEFAULT 0,
    UNIQUE (page, kind, voter, correction)
) STRICT;
CREATE INDEX reasons_hour ON reasons (hour, page);
CREATE INDEX reasons_correction ON reasons (correction) WHERE correction <> 0;

INSERT INTO corrections (id, second, actor, site, action, asked, done, inverse, undone) VALUES (1, 3599985600, 'key 00000000', 'default', 'merge', '{"page":"/old","to":"/hello"}', '{"page":"/hello","before":{"like":43,"🎉":3},"after":{"like":50,"🎉":3}}', '{"page":5,"others":[],"into":1}', NULL);
INSERT INTO corrections (id, second, actor, site, action, asked, done, inverse, undone) VALUES (2, 3599985600, 'key 00000000', 'default', 'block', '{"page":"/spam"}', '{"page":"/spam","before":{"like":4},"after":{"like":4}}', '{"page":6,"state":0}', NULL);
INSERT INTO corrections (id, second, actor, site, action, asked, done, inverse, undone) VALUES (3, 3599985600, 'key 00000000', 'default', 'delete', '{"page":"/made-up"}', '{"page":"/made-up","before":{"like":1},"after":{"like":0},"removed":1}', '{"page":7,"others":[],"seeds":[],"state":0}', NULL);
INSERT INTO corrections (id, second, actor, site, action, asked, done, inverse, undone) VALUES (4, 3599985600, 'key 00000000', 'default', 'set', '{"page":"/set","kind":"like","count":100}', '{"page":"/set","before":{},"after":{"like":100}}', '{"page":8,"kind":1,"change":100,"made":8,"was_deleted":false}', NULL);
INSERT INTO corrections (id, second, actor, site, action, asked, done, inverse, undone) VALUES (5, 3599985600, 'command', 'default', 'purge', '{"page":"/spam","keep":1}', '{"kept":1,"removed":3}', '{}', NULL);
INSERT INTO corrections (id, second, actor, site, action, asked, done, inverse, undone) VALUES (6, 3599985600, 'key 00000000', 'default', 'rename', '{"page":"/café","to":"/cafe"}', '{"page":"/cafe","before":{"like":0},"after":{"like":0}}', NULL, 3599985600);
INSERT INTO corrections (id, second, actor, site, action, asked, done, inverse, undone) VALUES (7, 3599985600, 'key 00000000', 'default', 'undo', '{"correction":6}', '{"action":"rename"}', NULL, NULL);
INSERT INTO corrections (id, second, actor, site, action, asked, done, inverse, undone) VALUES (8, 3599985600, 'key 00000000', 'default', 'reason', '{"page":"/hello","kind":"no"}', '{}', '{"reason":3}', NULL);

INSERT INTO counts (page, kind, seed, likes) VALUES (1, 1, 40, 3);
INSERT INTO counts (page, kind, seed, likes) VALUES (1, 2, 0, 3);
INSERT INTO counts (page, kind, seed, likes) VALUES (1, 4, 0, 3);
INSERT INTO counts (page, kind, seed, likes) VALUES (2, 1, 0, 0);
INSERT INTO counts (page, kind, seed, likes) VALUES (3, 3, 0, 1);
INSERT INTO counts (page, kind, seed, likes) VALUES (5, 1, 7, 0);
INSERT INTO counts (page, kind, seed, likes) VALUES (6, 1, 0, 1);
INSERT INTO counts (page, kind, seed, likes) VALUES (7, 1, 0, 0);
INSERT INTO counts (page, kind, seed, likes) VALUES (8, 1, 100, 0);

INSERT INTO hourly (page, kind, hour, ups, downs) VALUES (1, 1, 999996, 3, 0);
INSERT INTO hourly (page, kind, hour, ups, downs) VALUES (1, 2, 999996, 3, 0);
INSERT INTO hourly (page, kind, hour, ups, downs) VALUES (1, 4, 999996, 3, 0);
INSERT INTO hourly (page, kind, hour, ups, downs) VALUES (2, 1, 999996, 1, 1);
INSERT INTO hourly (page, kind, hour, ups, downs) VALUES (3, 3, 999996, 1, 0);
INSERT INTO hourly (page, kind, hour, ups, downs) VALUES (6, 1, 999996, 1, 0);
INSERT INTO hourly (page, kind, hour, ups, downs) VALUES (7, 1, 999996, 0, 0);

INSERT INTO kinds (id, name) VALUES (1, 'like');
INSERT INTO kinds (id, name) VALUES (2, '🎉');
INSERT INTO kinds (id, name) VALUES (3, '❤️');
INSERT INTO kinds (id, name) VALUES (4, 'no');

INSERT INTO likes (page, kind, voter, n, hour, rank) VALUES (1, 1, X'073E037D17E5D8FBB4E3A3CC13ACEC1E', 1, 999996, 1);
INSERT INTO likes (page, kind, voter, n, hour, rank) VALUES (1, 1, X'9F9FAE8B4DE0981DB87A0798D9601808', 1, 999996, 2);
INSERT INTO likes (page, kind, voter, n, hour, rank) VALUES (1, 1, X'C894A729410D6AA3B76E29AC2097E98A', 1, 999996, 3);
INSERT INTO likes (page, kind, voter, n, hour, rank) VALUES (1, 2, X'6F57E1671D12F54442B25DD03E79236F', 3, 999996, 1);
INSERT INTO likes (page, kind, voter, n, hour, rank) VALUES (1, 4, X'6D9CD662FE96B08F338C4CADAB0EFE9E', 1, 999996, 1);
INSERT INTO likes (page, kind, voter, n, hour, rank) VALUES (1, 4, X'7D790834C87F3E9E82728FC9057A0280', 1, 999996, 1);
INSERT INTO likes (page, kind, voter, n, hour, rank) VALUES (1, 4, X'F2314F0ABD06B58047981AC49D3ED6AF', 1, 999996, 1);
INSERT INTO likes (page, kind, voter, n, hour, rank) VALUES (3, 3, X'EEAB3F40468F10FF080A4D2DE1FC3535', 1, 999996, 1);
INSERT INTO likes (page, kind, voter, n, hour, rank) VALUES (6, 1, X'F88A16E40C94AE717888DA627A92661C', 1, 999996, 1);

INSERT INTO meta (name, value) VALUES ('admin_key', X'000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F');
INSERT INTO meta (name, value) VALUES ('secret_mark', X'C2E55C372F323A577D59D10C00FCA899');
INSERT INTO meta (name, value) VALUES ('version', X'302E312E30');

INSERT INTO pages (id, site, path, salt, target, hour, state) VALUES (1, 'default', '/hello', X'4F035E686BD046C5F1F63FF4DA5FA856', NULL, 999996, 0);
INSERT INTO pages (id, site, path, salt, target, hour, state) VALUES (2, 'default', '/café', X'2C0AE722DA6C8B53000A14FF3EB3B7C1', NULL, 999996, 0);
INSERT INTO pages (id, site, path, salt, target, hour, state) VALUES (3, 'notes', 'a note', X'E91DB9F6909D916E4A7ECF4DC4BFBE1D', NULL, 999996, 0);
INSERT INTO pages (id, site, path, salt, target, hour, state) VALUES (4, 'default', '/hello.html', X'94AB2238CA0CD08ECB878B4AB94CA959', 1, 999996, 0);
INSERT INTO pages (id, site, path, salt, target, hour, state) VALUES (5, 'default', '/old', X'29A657AE08B7735247C5B5E6426F2249', 1, 999996, 0);
INSERT INTO pages (id, site, path, salt, target, hour, state) VALUES (6, 'default', '/spam', X'B5CDC027B8230A863500CE17F5EA22AF', NULL, 999996, 1);
INSERT INTO pages (id, site, path, salt, target, hour, state) VALUES (7, 'default', '/made-up', X'33319B4558FB28FA6CC67258C19EC274', NULL, 999996, 2);
INSERT INTO pages (id, site, path, salt, target, hour, state) VALUES (8, 'default', '/set', X'CB95806DD349FA68492B2AEA82E402B2', NULL, 999996, 0);

INSERT INTO reasons (id, page, kind, voter, reason, hour, correction) VALUES (1, 1, 4, X'7D790834C87F3E9E82728FC9057A0280', 'Too long', 999996, 0);
INSERT INTO reasons (id, page, kind, voter, reason, hour, correction) VALUES (2, 1, 4, X'6D9CD662FE96B08F338C4CADAB0EFE9E', 'The second link is broken', 999996, 0);
INSERT INTO reasons (id, page, kind, voter, reason, hour, correction) VALUES (3, 1, 4, X'F2314F0ABD06B58047981AC49D3ED6AF', 'Spam', 999996, 8);

INSERT INTO removed (correction, page, kind, voter, n, hour, rank) VALUES (3, 7, 1, X'0AB00C9A63F69647AC8FA95BBDD0AF15', 1, 999996, 1);
INSERT INTO removed (correction, page, kind, voter, n, hour, rank) VALUES (5, 6, 1, X'616556D1016DA959AB3B450142015E07', 1, 999996, 2);
INSERT INTO removed (correction, page, kind, voter, n, hour, rank) VALUES (5, 6, 1, X'B425080B39382C6688ED75BDED36F449', 1, 999996, 3);
INSERT INTO removed (correction, page, kind, voter, n, hour, rank) VALUES (5, 6, 1, X'E55F6A66B805276945B2754CCA7A8BA8', 1, 999996, 0);

DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence (name, seq) VALUES ('corrections', 8);
INSERT INTO sqlite_sequence (name, seq) VALUES ('pages', 9);
INSERT INTO sqlite_sequence (name, seq) VALUES ('reasons', 3);
INSERT INTO sqlite_sequence (name, seq) VALUES ('surges', 2);

INSERT INTO surges (id, site, page, first_hour, last_hour, likes) VALUES (1, 'default', 6, 999996, 999996, 4);
INSERT INTO surges (id, site, page, first_hour, last_hour, likes) VALUES (2, 'default', NULL, 999996, 999996, 9);
COMMIT;
