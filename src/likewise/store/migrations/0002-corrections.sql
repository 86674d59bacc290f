-- What the owner corrects: closed pages, who did what, and what undoing needs.

-- 0 open; 1 blocked, which takes no more likes; 2 deleted, which is not known until somebody
-- likes it again.
ALTER TABLE pages ADD COLUMN state INTEGER NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 2);

-- second: since 1970, UTC. asked, done and inverse are JSON: the order, what came of it, and what
-- undoing needs, which goes after some days. undone: the second, where it was.
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

-- Likes that a correction took away, as they were, until they cannot be brought back any more.
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

-- When far more likes than usual came: to a page, or all over a site (page is NULL).
CREATE TABLE surges (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    site TEXT NOT NULL,
    page INTEGER REFERENCES pages (id),
    first_hour INTEGER NOT NULL,
    last_hour INTEGER NOT NULL CHECK (last_hour >= first_hour),
    likes INTEGER NOT NULL
) STRICT;

CREATE INDEX surges_last ON surges (site, last_hour);
