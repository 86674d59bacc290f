"""The pages that readers liked most, in the last days or ever.

Reads only, on the connection of reports; must not know who asks.
"""

from __future__ import annotations

import apsw

from likewise.store import Popularity
from likewise.store.pages import OPEN

MOST = 100
_KIND = "/* kind */ SELECT id FROM kinds WHERE name = ?"
# What was merged into a page counts there. Only paths: other ids can be linked to by nobody.
# CROSS: the figures lie in the order of their pages, and each page is looked up once.
_EVER = """/* popular ever */
SELECT coalesce(t.path, p.path) AS name, sum(f.seed + f.likes) AS n FROM counts AS f
CROSS JOIN pages AS p ON p.id = f.page LEFT JOIN pages AS t ON t.id = p.target
WHERE p.site = :site AND f.kind = :kind AND coalesce(t.state, p.state) = :open
GROUP BY coalesce(t.id, p.id) HAVING n > 0 AND name GLOB '/*' ORDER BY n DESC, name LIMIT :most"""
_LATELY = """/* popular lately */
SELECT coalesce(t.path, p.path) AS name, sum(f.ups - f.downs) AS n FROM hourly AS f
CROSS JOIN pages AS p ON p.id = f.page LEFT JOIN pages AS t ON t.id = p.target
WHERE p.site = :site AND f.kind = :kind AND f.hour >= :since
    AND coalesce(t.state, p.state) = :open
GROUP BY coalesce(t.id, p.id) HAVING n > 0 AND name GLOB '/*' ORDER BY n DESC, name LIMIT :most"""


def popular(
    connection: apsw.Connection, site: str, kind: str, since_hour: int | None
) -> list[Popularity]:
    """Return the most liked pages of a site since an hour, or ever (None): 100 at most."""
    number = connection.execute(_KIND, (kind,)).get
    values = {"site": site, "kind": number, "since": since_hour, "open": OPEN, "most": MOST}
    rows = connection.execute(_EVER if since_hour is None else _LATELY, values)
    return [Popularity(str(path), int(n)) for path, n in rows]
