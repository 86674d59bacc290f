PRAGMA application_id = 1281977189;
PRAGMA user_version = 1;
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
    hour INTEGER NOT NULL,
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

INSERT INTO counts (page, kind, seed, likes) VALUES (1, 1, 40, 3);
INSERT INTO counts (page, kind, seed, likes) VALUES (1, 2, 0, 3);
INSERT INTO counts (page, kind, seed, likes) VALUES (2, 1, 0, 0);
INSERT INTO counts (page, kind, seed, likes) VALUES (3, 3, 0, 1);
INSERT INTO counts (page, kind, seed, likes) VALUES (5, 1, 7, 0);

INSERT INTO hourly (page, kind, hour, ups, downs) VALUES (1, 1, 999996, 3, 0);
INSERT INTO hourly (page, kind, hour, ups, downs) VALUES (1, 2, 999996, 3, 0);
INSERT INTO hourly (page, kind, hour, ups, downs) VALUES (2, 1, 999996, 1, 1);
INSERT INTO hourly (page, kind, hour, ups, downs) VALUES (3, 3, 999996, 1, 0);

INSERT INTO kinds (id, name) VALUES (1, 'like');
INSERT INTO kinds (id, name) VALUES (2, '🎉');
INSERT INTO kinds (id, name) VALUES (3, '❤️');

INSERT INTO likes (page, kind, voter, n, hour, rank) VALUES (1, 1, X'084B09D887709E68F288F6861062F0B4', 1, 999996, 3);
INSERT INTO likes (page, kind, voter, n, hour, rank) VALUES (1, 1, X'B1DA8E99F464B3A84A48D5BA6120E5BE', 1, 999996, 1);
INSERT INTO likes (page, kind, voter, n, hour, rank) VALUES (1, 1, X'C64D2768160FC90554F6F2E67CAE586C', 1, 999996, 2);
INSERT INTO likes (page, kind, voter, n, hour, rank) VALUES (1, 2, X'5E3FC0D309F931C08F4B59860D777C7E', 3, 999996, 1);
INSERT INTO likes (page, kind, voter, n, hour, rank) VALUES (3, 3, X'BE6D6B643FC6D3182A35082DA797DA86', 1, 999996, 1);

INSERT INTO meta (name, value) VALUES ('admin_key', X'000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F');
INSERT INTO meta (name, value) VALUES ('secret_mark', X'C2E55C372F323A577D59D10C00FCA899');

INSERT INTO pages (id, site, path, salt, target, hour) VALUES (1, 'default', '/hello', X'2AAF42949EE9097973F849DFAC3A874F', NULL, 999996);
INSERT INTO pages (id, site, path, salt, target, hour) VALUES (2, 'default', '/café', X'ADFD33ED7903369EDAAF6A180D08360E', NULL, 999996);
INSERT INTO pages (id, site, path, salt, target, hour) VALUES (3, 'notes', 'a note', X'75E9BCE970AAFEEEC15335B3A710C271', NULL, 999996);
INSERT INTO pages (id, site, path, salt, target, hour) VALUES (4, 'default', '/hello.html', X'68D580B0144572F728D632A1CD2DD36E', 1, 999996);
INSERT INTO pages (id, site, path, salt, target, hour) VALUES (5, 'default', '/old', X'082A523B161F9A78B3659DD0D6B9177F', NULL, 999996);

DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence (name, seq) VALUES ('pages', 5);
COMMIT;
