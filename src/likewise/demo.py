"""The demo's site: what its pages count, outside all totals.

Values only; knows nothing of pages, requests or storage.
"""

from __future__ import annotations

from likewise import sites
from likewise.origins import origin_of
from likewise.settings import Settings

# One of each sort, for the gallery.
_KINDS = {
    "like": sites.PLAIN,
    "❤": sites.PLAIN,
    "🎉": sites.PLAIN,
    "🤔": sites.PLAIN,
    "👏": sites.Kind(max=50),
    "👍": sites.Kind(group="vote"),
    "👎": sites.Kind(group="vote"),
    "yes": sites.Kind(group="helpful", is_private=True),
    "no": sites.Kind(group="helpful", is_private=True),
}


def demo_site(settings: Settings) -> sites.Site:
    """Return the site, to which pages of this machine and of the service itself may write."""
    own = [origin_of(settings.url)] if settings.url else []
    origins = ("http://localhost:*", "http://127.0.0.1:*", *own)
    # Who asks for the demo shall see readers; who only has nothing set yet shall not pay for them.
    views = settings.views or bool(settings.demo)
    return sites.site(sites.DEMO, None, origins, tuple(_KINDS), rules=_KINDS, views=views)
