-- Why, in a reader's own words: beside a like of a private kind, for the owner alone.

-- hour: since 1970, UTC. correction: 0 where the reason is shown, which belongs to a like that
-- stands then; else the number of what took it away, until that cannot be undone any more.
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
