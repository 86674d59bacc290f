"""What a database knows of its secret: enough to tell whether one belongs to it, and no more.

Knows the one row; must not know where the secret is kept.
"""

from __future__ import annotations

import apsw

SECRET_MARK = "secret_mark"  # noqa: S105 (a name)


def mark_of(connection: apsw.Connection) -> bytes | None:
    """Return a database's mark of its secret; None before there is a table."""
    if not connection.table_exists("main", "meta"):
        return None
    mark: bytes | None = connection.execute(
        "/* mark */ SELECT value FROM meta WHERE name = ?", (SECRET_MARK,)
    ).get
    return mark
