-- Views: readers of a page, each counted once a day. They are a kind, `views`, in counts and
-- hourly, and have no voters.

-- Where they came from: how many of a page's views of a day (since 1970, UTC) a host led to. The
-- hosts of a day are few; what comes after them is `other`.
CREATE TABLE referrers (
    page INTEGER NOT NULL REFERENCES pages (id),
    day INTEGER NOT NULL,
    host TEXT NOT NULL CHECK (length(host) BETWEEN 1 AND 253),
    views INTEGER NOT NULL CHECK (views > 0),
    PRIMARY KEY (page, day, host)
) STRICT, WITHOUT ROWID;

-- Views of a deleted page, until they cannot be brought back any more: those of an hour where host
-- is empty, else those that the host led to on the day that begins with this hour.
CREATE TABLE removed_views (
    correction INTEGER NOT NULL REFERENCES corrections (id),
    page INTEGER NOT NULL REFERENCES pages (id),
    hour INTEGER NOT NULL,
    host TEXT NOT NULL CHECK (length(host) <= 253),
    views INTEGER NOT NULL CHECK (views > 0),
    PRIMARY KEY (correction, page, hour, host)
) STRICT, WITHOUT ROWID;
