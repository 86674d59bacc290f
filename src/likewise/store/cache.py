"""Pages as they are kept in memory: ids, salts and counts, bounded, never ahead of the disk.

Knows nothing of SQL; what is put in must be committed.
"""

from __future__ import annotations

MAX_PAGES = 500  # of some 600 bytes each; one that is not here costs some 9 µs

Name = tuple[str, str]  # site, page


class Page:
    """A page with all that counts for it: its own row first, then those merged into it."""

    __slots__ = ("counts", "is_blocked", "members", "name")

    def __init__(
        self,
        name: Name,
        members: tuple[tuple[int, bytes], ...],
        counts: dict[str, int],
        *,
        is_blocked: bool = False,
    ) -> None:
        self.name = name
        self.members = members  # (id, salt)
        self.counts = counts  # by kind, seeds included
        self.is_blocked = is_blocked  # takes no more likes

    @property
    def ids(self) -> list[int]:
        """The numbers of its rows, its own first."""
        return [number for number, _ in self.members]

    def copy(self) -> Page:
        """Return one that can be changed while this one is still read."""
        return Page(self.name, self.members, dict(self.counts), is_blocked=self.is_blocked)


class Cache:
    """The pages that were last loaded, by name. An alias leads to its target's name, so that
    there is one entry for each page, however it is called.
    """

    def __init__(self, max_pages: int = MAX_PAGES) -> None:
        self._max_pages = max_pages
        self._entries: dict[Name, Page | Name] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, name: Name) -> Page | None:
        """Return a page by any of its names, or None where it is not in memory."""
        entry = self._entries.get(name)
        if type(entry) is tuple:
            entry = self._entries.get(entry)
        return entry if isinstance(entry, Page) else None

    def put(self, name: Name, page: Page) -> None:
        """Keep a page under its own name, and under `name` if that is another one."""
        if name != page.name:
            self._keep(name, page.name)
        self._keep(page.name, page)

    def clear(self) -> None:
        """Forget everything: somebody else has written."""
        self._entries.clear()

    def _keep(self, name: Name, entry: Page | Name) -> None:
        if name not in self._entries and len(self._entries) >= self._max_pages:
            del self._entries[next(iter(self._entries))]
        self._entries[name] = entry
