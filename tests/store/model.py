"""What a store must hold, as a model of a dozen lines; and what a store says that it holds."""

from __future__ import annotations

from collections import Counter
from typing import Any

from likewise.store import Alias, Seed, Wish
from likewise.store.sqlite import SqliteStore
from tests.service import voter
from tests.store.database import SITE, known_as

PAGES = ["/a", "/b", "/c", "/d", "hello"]
KINDS = ["like", "🎉"]
VOTERS = [voter(number) for number in range(3)]

# By name: the page it counts for, that page's counts, and the totals of each kind and voter.
Held = dict[str, tuple[str | None, dict[str, int], list[int]]]


class Model:
    """What must be true: whose likes stand on which page, and what was brought along."""

    def __init__(self) -> None:
        self.target: dict[str, str] = {}  # of every known name
        self.likes: Counter[tuple[str, str, str]] = Counter()  # by page, kind and voter
        self.seeds: Counter[tuple[str, str]] = Counter()

    def known(self, name: str) -> str:
        return self.target.setdefault(name, name)

    def like(self, wish: Wish) -> None:
        if wish.n or wish.page in self.target:
            self.likes[self.known(wish.page), wish.kind, wish.voter] = wish.n
        for rival in wish.rivals if wish.n else ():
            self.likes[self.known(wish.page), rival, wish.voter] = 0

    def alias(self, old: str, page: str) -> bool:
        target, source = self.known(page), self.known(old)
        if source == target:
            return True
        if source != old or list(self.target.values()).count(old) > 1:
            return False
        for key in [key for key in self.likes if key[0] == old]:
            self.likes[target, key[1], key[2]] += self.likes.pop(key)
        for kind in KINDS:
            self.seeds[target, kind] += self.seeds.pop((old, kind), 0)
        self.target[old] = target
        return True

    def adopt(self, given: list[Seed], olds: list[Alias]) -> list[Alias]:
        refused = [alias for alias in olds if not self.alias(alias.old, alias.page)]
        sums: Counter[tuple[str, str]] = Counter()
        for (name, kind), n in {(seed.page, seed.kind): seed.n for seed in given}.items():
            sums[self.known(name), kind] += n
        self.seeds = Counter({**self.seeds, **sums})
        return refused

    def counts(self, name: str) -> dict[str, int]:
        page = self.target.get(name)
        total = Counter({kind: self.seeds[page, kind] for kind in KINDS if page})
        for (liked, kind, _), n in self.likes.items():
            if liked == page:
                total[kind] += n
        return {kind: n for kind, n in total.items() if n}

    def held(self) -> Held:
        """Return all that must be found."""
        return {name: self._held(name) for name in PAGES}

    def _held(self, name: str) -> tuple[str | None, dict[str, int], list[int]]:
        page = self.target.get(name)
        totals = [self.likes[page or name, kind, who] for kind in KINDS for who in VOTERS]
        return page, self.counts(name), totals


def held_by(store: SqliteStore) -> Held:
    """Return all that a store says."""
    return {
        name: (
            known_as(store, name),
            said(store.counts(SITE, name)),
            [store.n_of(SITE, name, kind, who) for kind in KINDS for who in VOTERS],
        )
        for name in PAGES
    }


def said(counts: Any) -> dict[str, int]:
    """Return counts without zeros: a kind that is not there counts 0."""
    return {kind: n for kind, n in counts.items() if n}
