-- What is kept: pages, likes as members of a set, and the figures derived from them.

CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE kinds (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE CHECK (length(CAST(name AS BLOB)) BETWEEN 1 AND 32)
) STRICT;

-- An id is never used again, so that no row can ever speak for another page.
-- A page with a target counts for that page; a target has none itself.
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

-- voter: keyed hash of the page's salt, the kind and the reader's token.
-- n: the voter's own total. hour: since 1970, UTC; no finer time is kept.
-- rank: among the likes of its network on this page and day: 1 the first, 2 the 2nd to 5th,
-- 3 a later one, 0 unknown.
CREATE TABLE likes (
    page INTEGER NOT NULL REFERENCES pages (id),
    kind INTEGER NOT NULL REFERENCES kinds (id),
    voter BLOB NOT NULL CHECK (length(voter) = 16),
    n INTEGER NOT NULL CHECK (n > 0),
    hour INTEGER NOT NULL,
    rank INTEGER NOT NULL CHECK (rank BETWEEN 0 AND 3),
    PRIMARY KEY (page, kind, voter)
) STRICT, WITHOUT ROWID;

-- likes: the sum of n over the page's rows. seed: what was imported or set beside them.
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
