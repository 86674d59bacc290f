PRAGMA application_id = 1281977189;
PRAGMA user_version = 4;
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
CREATE TABLE referrers (
    page INTEGER NOT NULL REFERENCES pages (id),
    day INTEGER NOT NULL,
    host TEXT NOT NULL CHECK (length(host) BETWEEN 1 AND 253),
    views INTEGER NOT NULL CHECK (views > 0),
    PRIMARY KEY (page, day, host)
) STRICT, WITHOUT ROWID;
CREATE TABLE removed_views (
    correction INTEGER NOT NULL REFERENCES corrections (id),
    page INTEGER NOT NULL REFERENCES pages (id),
    hour INTEGER NOT NULL,
    host TEXT NOT NULL CHECK (length(host) <= 253),
    views INTEGER NOT NULL CHECK (views > 0),
    PRIMARY KEY (correction, page, hour, host)
) STRICT, WITHOUT ROWID;

INSERT INTO corrections (id, second, actor, site, action, asked, done, inverse, undone) VALUES (1, 3599985600, 'key 00000000', 'default', 'merge', '{"page":"/old","to":"/hello"}', '{"page":"/hello","before":{"like":43,"🎉":3},"after":{"like":50,"🎉":3}}', '{"page":5,"others":[],"into":1}', NULL);
INSERT INTO corrections (id, second, actor, site, action, asked, done, inverse, undone) VALUES (2, 3599985600, 'key 00000000', 'default', 'block', '{"page":"/spam"}', '{"page":"/spam","before":{"like":4},"after":{"like":4}}', '{"page":6,"state":0}', NULL);
INSERT INTO corrections (id, second, actor, site, action, asked, done, inverse, undone) VALUES (3, 3599985600, 'key 00000000', 'default', 'delete', '{"page":"/made-up"}', '{"page":"/made-up","before":{"like":1},"after":{"like":0},"removed":1}', '{"page":7,"others":[],"seeds":[],"state":0}', NULL);
INSERT INTO corrections (id, second, actor, site, action, asked, done, inverse, undone) VALUES (4, 3599985600, 'key 00000000', 'default', 'set', '{"page":"/set","kind":"like","count":100}', '{"page":"/set","before":{},"after":{"like":100}}', '{"page":8,"kind":1,"change":100,"made":8,"was_deleted":false}', NULL);
INSERT INTO corrections (id, second, actor, site, action, asked, done, inverse, undone) VALUES (5, 3599985600, 'command', 'default', 'purge', '{"page":"/spam","keep":1}', '{"kept":1,"removed":3}', '{}', NULL);
INSERT INTO corrections (id, second, actor, site, action, asked, done, inverse, undone) VALUES (6, 3599985600, 'key 00000000', 'default', 'rename', '{"page":"/café","to":"/cafe"}', '{"page":"/cafe","before":{"like":0},"after":{"like":0}}', NULL, 3599985600);
INSERT INTO corrections (id, second, actor, site, action, asked, done, inverse, undone) VALUES (7, 3599985600, 'key 00000000', 'default', 'undo', '{"correction":6}', '{"action":"rename"}', NULL, NULL);
INSERT INTO corrections (id, second, actor, site, action, asked, done, inverse, undone) VALUES (8, 3599985600, 'key 00000000', 'default', 'reason', '{"page":"/hello","kind":"no"}', '{}', '{"reason":3}', NULL);
INSERT INTO corrections (id, second, actor, site, action, asked, done, inverse, undone) VALUES (9, 3599985600, 'key 00000000', 'default', 'delete', '{"page":"/gone"}', '{"page":"/gone","before":{"views":1},"after":{"views":0}}', '{"page":10,"others":[],"seeds":[],"state":0}', NULL);

INSERT INTO counts (page, kind, seed, likes) VALUES (1, 1, 40, 3);
INSERT INTO counts (page, kind, seed, likes) VALUES (1, 2, 0, 3);
INSERT INTO counts (page, kind, seed, likes) VALUES (1, 4, 0, 3);
INSERT INTO counts (page, kind, seed, likes) VALUES (1, 5, 0, 2);
INSERT INTO counts (page, kind, seed, likes) VALUES (10, 5, 0, 0);
INSERT INTO counts (page, kind, seed, likes) VALUES (2, 1, 0, 0);
INSERT INTO counts (page, kind, seed, likes) VALUES (3, 3, 0, 1);
INSERT INTO counts (page, kind, seed, likes) VALUES (5, 1, 7, 0);
INSERT INTO counts (page, kind, seed, likes) VALUES (6, 1, 0, 1);
INSERT INTO counts (page, kind, seed, likes) VALUES (7, 1, 0, 0);
INSERT INTO counts (page, kind, seed, likes) VALUES (8, 1, 100, 0);

INSERT INTO hourly (page, kind, hour, ups, downs) VALUES (1, 1, 999996, 3, 0);
INSERT INTO hourly (page, kind, hour, ups, downs) VALUES (1, 2, 999996, 3, 0);
INSERT INTO hourly (page, kind, hour, ups, downs) VALUES (1, 4, 999996, 3, 0);
INSERT INTO hourly (page, kind, hour, ups, downs) VALUES (1, 5, 999996, 2, 0);
INSERT INTO hourly (page, kind, hour, ups, downs) VALUES (2, 1, 999996, 1, 1);
INSERT INTO hourly (page, kind, hour, ups, downs) VALUES (3, 3, 999996, 1, 0);
INSERT INTO hourly (page, kind, hour, ups, downs) VALUES (6, 1, 999996, 1, 0);
INSERT INTO hourly (page, kind, hour, ups, downs) VALUES (7, 1, 999996, 0, 0);

INSERT INTO kinds (id, name) VALUES (1, 'like');
INSERT INTO kinds (id, name) VALUES (2, '🎉');
INSERT INTO kinds (id, name) VALUES (3, '❤️');
INSERT INTO kinds (id, name) VALUES (4, 'no');
INSERT INTO kinds (id, name) VALUES (5, 'views');

INSERT INTO likes (page, kind, voter, n, hour, rank) VALUES (1, 1, X'0FEB9BB8E94733FDFD9829FD4E0FE1A1', 1, 999996, 3);
INSERT INTO likes (page, kind, voter, n, hour, rank) VALUES (1, 1, X'52E76A5294963185ED94306C261B9F07', 1, 999996, 2);
INSERT INTO likes (page, kind, voter, n, hour, rank) VALUES (1, 1, X'AFE1EC0D6FBF56B24B027C467793F0C7', 1, 999996, 1);
INSERT INTO likes (page, kind, voter, n, hour, rank) VALUES (1, 2, X'C67C5D2F3497FC2B54A760EF6E269625', 3, 999996, 1);
INSERT INTO likes (page, kind, voter, n, hour, rank) VALUES (1, 4, X'6686A75990289D2E8AE86A64A96FF552', 1, 999996, 1);
INSERT INTO likes (page, kind, voter, n, hour, rank) VALUES (1, 4, X'CB6ABF87FB2D22B13671FA8CE6649FF1', 1, 999996, 1);
INSERT INTO likes (page, kind, voter, n, hour, rank) VALUES (1, 4, X'F13C7B92309BE743E3FBDE4DE24A3CC1', 1, 999996, 1);
INSERT INTO likes (page, kind, voter, n, hour, rank) VALUES (3, 3, X'D59BAA8ADA71327ADA51EBF5EC6805EE', 1, 999996, 1);
INSERT INTO likes (page, kind, voter, n, hour, rank) VALUES (6, 1, X'5576C99C6541A3AD593B89C3BE627342', 1, 999996, 1);

INSERT INTO meta (name, value) VALUES ('admin_key', X'000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F');
INSERT INTO meta (name, value) VALUES ('secret_mark', X'C2E55C372F323A577D59D10C00FCA899');
INSERT INTO meta (name, value) VALUES ('version', X'302E312E30');

INSERT INTO pages (id, site, path, salt, target, hour, state) VALUES (1, 'default', '/hello', X'BC9659488E2A7AD14664CB3D5AA18C83', NULL, 999996, 0);
INSERT INTO pages (id, site, path, salt, target, hour, state) VALUES (10, 'default', '/gone', X'5AC6894DAEB6741EB04F3F4CA17F6169', NULL, 999996, 2);
INSERT INTO pages (id, site, path, salt, target, hour, state) VALUES (2, 'default', '/café', X'A2C3AB4AE26AEA8DA495A50109FE30F7', NULL, 999996, 0);
INSERT INTO pages (id, site, path, salt, target, hour, state) VALUES (3, 'notes', 'a note', X'A950C838DA31CA802F3B07838306EBCA', NULL, 999996, 0);
INSERT INTO pages (id, site, path, salt, target, hour, state) VALUES (4, 'default', '/hello.html', X'CD4C13FC6B3FCCA5587208C33CD78500', 1, 999996, 0);
INSERT INTO pages (id, site, path, salt, target, hour, state) VALUES (5, 'default', '/old', X'1B2663C0031CFE6ADE41616616756626', 1, 999996, 0);
INSERT INTO pages (id, site, path, salt, target, hour, state) VALUES (6, 'default', '/spam', X'AC4915C070FDA5DA6459E43D99454CDB', NULL, 999996, 1);
INSERT INTO pages (id, site, path, salt, target, hour, state) VALUES (7, 'default', '/made-up', X'F38FE67ED04FF7CC4211127DAE9B250B', NULL, 999996, 2);
INSERT INTO pages (id, site, path, salt, target, hour, state) VALUES (8, 'default', '/set', X'BEDFEE645F05EAAB57C896A17F506A2D', NULL, 999996, 0);

INSERT INTO reasons (id, page, kind, voter, reason, hour, correction) VALUES (1, 1, 4, X'F13C7B92309BE743E3FBDE4DE24A3CC1', 'Too long', 999996, 0);
INSERT INTO reasons (id, page, kind, voter, reason, hour, correction) VALUES (2, 1, 4, X'6686A75990289D2E8AE86A64A96FF552', 'The second link is broken', 999996, 0);
INSERT INTO reasons (id, page, kind, voter, reason, hour, correction) VALUES (3, 1, 4, X'CB6ABF87FB2D22B13671FA8CE6649FF1', 'Spam', 999996, 8);

INSERT INTO referrers (page, day, host, views) VALUES (1, 41666, 'news.example', 1);

INSERT INTO removed (correction, page, kind, voter, n, hour, rank) VALUES (3, 7, 1, X'BED5925B5AD0E9CF910495651C599E53', 1, 999996, 1);
INSERT INTO removed (correction, page, kind, voter, n, hour, rank) VALUES (5, 6, 1, X'A44269AECBA22339316BCE5E70EDB074', 1, 999996, 2);
INSERT INTO removed (correction, page, kind, voter, n, hour, rank) VALUES (5, 6, 1, X'AFF7DB48E973DF4E725448167DAE75FD', 1, 999996, 3);
INSERT INTO removed (correction, page, kind, voter, n, hour, rank) VALUES (5, 6, 1, X'DBA60E6E1E4F574610D77B3C5C787318', 1, 999996, 0);

INSERT INTO removed_views (correction, page, hour, host, views) VALUES (9, 10, 999984, 'search.example', 1);
INSERT INTO removed_views (correction, page, hour, host, views) VALUES (9, 10, 999996, '', 1);

DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence (name, seq) VALUES ('corrections', 9);
INSERT INTO sqlite_sequence (name, seq) VALUES ('pages', 10);
INSERT INTO sqlite_sequence (name, seq) VALUES ('reasons', 3);
INSERT INTO sqlite_sequence (name, seq) VALUES ('surges', 2);

INSERT INTO surges (id, site, page, first_hour, last_hour, likes) VALUES (1, 'default', 6, 999996, 999996, 4);
INSERT INTO surges (id, site, page, first_hour, last_hour, likes) VALUES (2, 'default', NULL, 999996, 999996, 9);
COMMIT;
