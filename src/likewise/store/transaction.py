"""One write transaction: likes, seeds and aliases as SQL, with counts kept in step.

Knows the tables; must not know when a transaction begins or commits, nor who asked for it.
"""

from __future__ import annotations

from collections.abc import Sequence

import apsw

from likewise.errors import Problem, page_blocked, unknown_page
from likewise.store import Alias, Seed, Standing, Wish, reasons
from likewise.store.cache import Cache, Name, Page
from likewise.store.pages import load_page
from likewise.store.reasons import Key
from likewise.voters import new_salt, row_key


class Kinds:
    """Numbers of kinds, by name, as committed."""

    def __init__(self, connection: apsw.Connection) -> None:
        rows = connection.execute("SELECT name, id FROM kinds")
        self.numbers: dict[str, int] = dict(rows)


class Transaction:
    """What one commit holds. Pages are copied when touched; `pages` goes to the cache after
    the commit, and nowhere if there is none. `hour` is the present one, since 1970.
    """

    def __init__(
        self, connection: apsw.Connection, secret: bytes, kinds: Kinds, cache: Cache, hour: int
    ) -> None:
        self.cursor = connection.cursor()
        self._secret = secret
        self._kinds = kinds
        self._cache = cache
        self.hour = hour
        self.pages: dict[Name, Page] = {}
        self.new_kinds: dict[str, int] = {}
        self.new_likes: dict[Name, int] = {}  # voters who had none before, by page
        self.taken_back = 0
        self.forgets = False  # the cache is not to be believed after the commit
        self._moves: dict[tuple[int, int], list[int]] = {}  # (page, kind): ups, downs

    def like(self, wish: Wish) -> Standing | Problem:
        """Make the voter's total `wish.n`. A total that stands already moves nothing.

        Returns `unknown_page` or `page_blocked` where the owner was faster.
        """
        name = (wish.site, wish.page)
        page, is_new = self.page(name), False
        if page is None:
            if not wish.n:
                return Standing(0, is_new_page=False, counts={})
            if not wish.may_create:
                return unknown_page(wish.page)
            page, is_new = self.create(name), True
        if page.is_blocked and wish.n > self._total(page, wish):
            return page_blocked()
        before, change = self._count(page, wish)
        left = self._leave_rivals(page, wish) if wish.rivals and wish.n else ()
        has_reason = None if wish.reason is None else self._keep_reason(page, wish, wish.reason)
        return Standing(change, is_new, dict(page.counts), before, left, has_reason)

    def explain(self, wish: Wish) -> Standing:
        """Keep the reason of a wish that stands. It may have been taken back a moment ago, and a
        page that the owner has closed takes none, but lets go of one.
        """
        page, reason = self.page((wish.site, wish.page)), wish.reason or ""
        has_reason = False
        if page is not None and not (page.is_blocked and reason):
            has_reason = self._keep_reason(page, wish, reason)
        counts = {} if page is None else dict(page.counts)
        return Standing(0, is_new_page=False, counts=counts, has_reason=has_reason)

    def adopt(self, seeds: Sequence[Seed], aliases: Sequence[Alias]) -> list[Alias]:
        """Point aliases at their pages, then set seeds; return the aliases that cannot be.

        A seed is its page's, by whatever name: those under several names of a page add up.
        """
        refused = [alias for alias in aliases if not self._alias(alias)]
        sums: dict[tuple[Name, str], int] = {}
        for (site, path, kind), n in {seed[:3]: seed.n for seed in seeds}.items():
            page = self.page((site, path)) or self.create((site, path))
            sums[page.name, kind] = sums.get((page.name, kind), 0) + n
        for (name, kind), n in sums.items():
            self._seed(self.pages[name], kind, n)
        return refused

    def know(self, site: str, pages: Sequence[str]) -> int:
        """Store pages that nobody has liked yet; return how many were not known."""
        unknown = [page for page in pages if self.page((site, page)) is None]
        for page in unknown:
            self.create((site, page))
        return len(unknown)

    def add(self, page: Page, kind_name: str, n: int) -> None:
        """Count what has no voter: for the page itself."""
        page.counts[kind_name] = page.counts.get(kind_name, 0) + n
        self._move((page.members[0][0], self.kind(kind_name), b""), n)

    def forget(self) -> None:
        """Write the figures, then rely on nothing that is in memory: what follows, or what was
        just done, changes pages by other ways than their likes.
        """
        self.flush()
        self.pages.clear()
        self._cache = Cache()
        self.forgets = True

    def set_meta(self, name: str, value: bytes) -> None:
        """Keep a named value."""
        self.cursor.execute(
            "/* set_meta */ INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value)
        )

    def flush(self) -> None:
        """Move the derived figures, once for each page and kind however many likes came."""
        # Where there is no row yet nothing can have been taken back.
        self.cursor.executemany(
            "/* flush counts */"
            " INSERT INTO counts (page, kind, likes) VALUES (?1, ?2, max(?3, 0))"
            " ON CONFLICT DO UPDATE SET likes = likes + ?3",
            [(*key, ups - downs) for key, (ups, downs) in self._moves.items()],
        )
        self.cursor.executemany(
            "/* flush hourly */ INSERT INTO hourly VALUES (?1, ?2, ?3, ?4, ?5)"
            " ON CONFLICT DO UPDATE SET ups = ups + ?4, downs = downs + ?5",
            [(*key, self.hour, ups, downs) for key, (ups, downs) in self._moves.items()],
        )
        self._moves.clear()

    def _count(self, page: Page, wish: Wish) -> tuple[int, int]:
        """Make a voter's total stand, and count it; return what it was, and the change."""
        before, change = self._set(page, wish)
        if change:
            page.counts[wish.kind] = page.counts.get(wish.kind, 0) + change
            self._note(page.name, before, change)
        return before, change

    def _leave_rivals(self, page: Page, wish: Wish) -> tuple[str, ...]:
        """Take back what a voter has of other kinds; return of which he had some."""
        wishes = [wish._replace(kind=rival, n=0) for rival in wish.rivals]
        return tuple(other.kind for other in wishes if self._count(page, other)[1])

    def _note(self, name: Name, before: int, change: int) -> None:
        """Note who has come and who has gone: to clap on is neither."""
        if not before:
            self.new_likes[name] = self.new_likes.get(name, 0) + 1
        elif before + change == 0:
            self.taken_back += 1

    def _total(self, page: Page, wish: Wish) -> int:
        """Return what the voter's rows add up to."""
        return sum(self._n_of(key) or 0 for key in self._keys(page, wish))

    def _keys(self, page: Page, wish: Wish) -> list[Key]:
        """Return where the voter's rows are, one for each that counts for the page."""
        kind = self.kind(wish.kind)
        return [
            (number, kind, row_key(self._secret, salt, wish.kind, wish.voter))
            for number, salt in page.members
        ]

    def _keep_reason(self, page: Page, wish: Wish, reason: str) -> bool:
        """Let one of the voter's likes have the reason, and no other; tell whether it has."""
        standing = [key for key in self._keys(page, wish) if self._n_of(key)]
        for key in standing[1:]:
            reasons.forget(self.cursor, key)
        return bool(standing) and reasons.keep(self.cursor, standing[0], reason, self.hour)

    def _set(self, page: Page, wish: Wish) -> tuple[int, int]:
        """Make the voter's rows add up to `wish.n`; return what they did before, and the change.

        One row is enough. Several stand where he liked two pages that were merged later.
        """
        keys = self._keys(page, wish)
        # Most wishes are new likes of pages that were never merged: for these it is one step.
        if wish.n and len(keys) == 1 and self._insert(keys[0], wish.n, wish.rank):
            return 0, wish.n
        standing = [(key, n) for key in reversed(keys) if (n := self._n_of(key))]
        before = sum([n for _, n in standing])
        if wish.n == before:
            return before, 0
        kept = standing.pop() if standing else (keys[0], 0)  # the page's own, where it can be
        self._put(*kept, wish.n, wish.rank)
        for other in standing:
            self._put(*other, 0, 0)
        return before, wish.n - before

    def _n_of(self, key: Key) -> int | None:
        n: int | None = self.cursor.execute(
            "/* n of voter */ SELECT n FROM likes WHERE page = ? AND kind = ? AND voter = ?", key
        ).get
        return n

    def _insert(self, key: Key, n: int, rank: int) -> bool:
        """Add a voter's row; False, and nothing done, where there is one."""
        self.cursor.execute(
            "/* like */ INSERT INTO likes VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (*key, n, self.hour, rank),
        )
        if not self.cursor.connection.changes():
            return False
        self._move(key, n)
        return True

    def _put(self, key: Key, before: int, n: int, rank: int) -> None:
        if n == before or (not before and self._insert(key, n, rank)):
            return
        if n:
            self.cursor.execute(
                "/* n again */"
                " UPDATE likes SET n = ?4 WHERE page = ?1 AND kind = ?2 AND voter = ?3",
                (*key, n),
            )
        else:
            self.cursor.execute(
                "/* take back */ DELETE FROM likes WHERE page = ? AND kind = ? AND voter = ?", key
            )
            reasons.forget(self.cursor, key)
        self._move(key, n - before)

    def _move(self, key: Key, change: int) -> None:
        ups_and_downs = self._moves.setdefault(key[:2], [0, 0])
        ups_and_downs[0 if change > 0 else 1] += abs(change)

    def page(self, name: Name) -> Page | None:
        """Return a page by any of its names, to be changed; None when it is not known."""
        page = self.pages.get(name)
        if page is None:
            found = self._cache.get(name) or load_page(self.cursor, name)
            if found is None:
                return None
            # Two names of one page must meet in one copy.
            page = self.pages.get(found.name) or found.copy()
            self.pages[name] = self.pages[page.name] = page
        return page

    def create(self, name: Name) -> Page:
        """Make a page that is not known. One that was deleted keeps its number and salt."""
        new_one = new_salt()
        number, salt = self.cursor.execute(
            "/* create page */ INSERT INTO pages (site, path, salt, hour) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (site, path) DO UPDATE SET state = 0, target = NULL RETURNING id, salt",
            (*name, new_one, self.hour),
        ).get
        found = None if salt == new_one else load_page(self.cursor, name)
        page = self.pages[name] = found or Page(name, ((number, salt),), {})
        return page

    def kind(self, name: str) -> int:
        """Return the number of a kind, made where there is none."""
        number = self._kinds.numbers.get(name) or self.new_kinds.get(name)
        if number is None:
            self.cursor.execute("/* create kind */ INSERT INTO kinds (name) VALUES (?)", (name,))
            number = self.new_kinds[name] = self.cursor.connection.last_insert_rowid()
        return number

    def _seed(self, page: Page, kind_name: str, n: int) -> None:
        """Set what a page brought along, under all its names together."""
        kind, before = self.kind(kind_name), 0
        for member, _ in page.members:
            before += (
                self.cursor.execute(
                    "/* seed of member */ SELECT seed FROM counts WHERE page = ? AND kind = ?",
                    (member, kind),
                ).get
                or 0
            )
            self.cursor.execute(
                "/* clear seed */ UPDATE counts SET seed = 0 WHERE page = ? AND kind = ?",
                (member, kind),
            )
        self.cursor.execute(
            "/* set seed */ INSERT INTO counts (page, kind, seed) VALUES (?1, ?2, ?3)"
            " ON CONFLICT DO UPDATE SET seed = ?3",
            (page.members[0][0], kind, n),
        )
        page.counts[kind_name] = page.counts.get(kind_name, 0) + n - before

    def _alias(self, alias: Alias) -> bool:
        """Let an old id count for a page; False where it already counts for another one."""
        old_name, name = (alias.site, alias.old), (alias.site, alias.page)
        page = self.page(name) or self.create(name)
        old = self.page(old_name) or self.create(old_name)
        if old is page:
            return True
        if old.name != old_name or len(old.members) > 1:
            return False
        self.cursor.execute(
            "/* alias */ UPDATE pages SET target = ? WHERE id = ?",
            (page.members[0][0], old.members[0][0]),
        )
        page.members = (*page.members, *old.members)
        for kind, n in old.counts.items():
            page.counts[kind] = page.counts.get(kind, 0) + n
        self.pages[old_name] = page
        return True
