"""Counts from the FastAPI service whose database is one table, `likes(post_id, count)`.

Reads its file and decides which page each id means. It must not know how counts are stored here.
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

import apsw

from likewise import pages
from likewise.errors import StartError

# Far above any honest count, and a million of them still add up within SQLite's integers.
MAX_LIKES = 10**12

_SHOWN_CHARACTERS = 60
_SHOWN_ROWS = 200


class Row(NamedTuple):
    """One row as the file holds it; None where it holds another type than text or a number."""

    post_id: str | None
    likes: int | None


class Unplaced(NamedTuple):
    """An id whose likes stay under it, and the pages that it could mean: several or none."""

    post_id: str
    likes: int
    candidates: list[str]


class Plan(NamedTuple):
    """What an import would do. Seeds are set, not added, so that doing it twice is doing it once.

    `seeds`, in this order, hold every accepted like: under its page where one was found, else
    under its old id. `aliases` are the old ids that shall count for a page from now on; first of
    all their own seeds become 0, since an import without a sitemap may have left likes there.
    """

    seeds: list[tuple[str, int]]
    aliases: list[tuple[str, str]]
    ambiguous: list[Unplaced]
    unmatched: list[Unplaced]
    skipped: list[tuple[str, str]]


def read(path: str | Path) -> list[Row]:
    """Return the rows of the article's `likes.db`, which is opened for reading only.

    Raises `StartError` when there is no such file or it is another kind of file.
    """
    path = Path(path).absolute()
    if not path.is_file():
        raise StartError(f"There is no file {path}. Give the article's data/likes.db.")
    try:
        database = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            return _rows(database, path)
        finally:
            database.close()
    except apsw.Error as error:
        raise StartError(
            f"{path} cannot be read as the article's database: {error}."
            " Stop the article's service, then give its data/likes.db or a copy of it."
        ) from error


def choices(texts: Iterable[str]) -> dict[str, str]:
    """Return which page the owner says an id means, from lines of the form `id=/path`.

    Empty lines are passed over. Raises `StartError` for a line of another form.
    """
    chosen: dict[str, str] = {}
    for text in filter(None, map(str.strip, texts)):
        post_id, equals, path = text.partition("=/")
        if not equals:
            raise StartError(f"{_shown(text)} is not of the form hello=/posts/hello.")
        try:
            post_id, page = pages.canonical(post_id), pages.canonical("/" + path)
        except pages.BadPage as error:
            raise StartError(f"{_shown(text)}: {error.detail}") from error
        if chosen.setdefault(post_id, page) != page:
            raise StartError(f"{_shown(post_id)} is given two pages: {chosen[post_id]} and {page}.")
    return chosen


def plan(rows: Iterable[Row], paths: Iterable[str], chosen: Mapping[str, str]) -> Plan:
    """Return which page each id means: the chosen one, else the only path that ends with it.

    `paths` are a sitemap's, as written there. Nothing is guessed: an id that fits several paths,
    or none, keeps its likes under itself. Raises `StartError` for a choice about an unknown id.
    """
    likes, skipped = _accepted(rows)
    for post_id in chosen:
        if post_id not in likes:
            raise StartError(
                f"The database has no likes for {_shown(post_id)}; check its spelling."
            )
    named = _pages_by_name(paths)
    made = Plan([], [], [], [], skipped)
    seeds: Counter[str] = Counter()
    for post_id, count in likes.most_common():
        candidates = [chosen[post_id]] if post_id in chosen else named.get(post_id, [])
        if pages.is_path(post_id) and post_id not in chosen:
            candidates = [post_id]
        page = candidates[0] if len(candidates) == 1 else post_id
        seeds[page] += count
        if page != post_id:
            made.aliases.append((post_id, page))
        elif not pages.is_path(post_id):
            unplaced = made.ambiguous if candidates else made.unmatched
            unplaced.append(Unplaced(post_id, count, candidates))
    made.seeds.extend((post_id, 0) for post_id, _ in made.aliases)
    made.seeds.extend(seeds.most_common())
    return made


def report(made: Plan) -> str:
    """Return the plan in words, for the person who decides."""
    parts = [_summary(made), _placed(made), _ambiguous(made), _unmatched(made), _skipped(made)]
    return "\n\n".join(filter(None, parts)) + "\n"


def _rows(database: apsw.Connection, path: Path) -> list[Row]:
    # Only a plain table: a view, a virtual table or a generated column could run what it likes.
    kind = database.execute(
        "SELECT type FROM pragma_table_list WHERE schema = 'main' AND lower(name) = 'likes'"
    ).get
    columns = database.execute("SELECT lower(name) FROM pragma_table_info('likes')").fetchall()
    if kind != "table" or not {("post_id",), ("count",)} <= set(columns):
        raise StartError(f"{path} has no table likes(post_id, count): it is another database.")
    found = database.execute(
        "SELECT CASE typeof(post_id) WHEN 'text' THEN CAST(post_id AS BLOB) END,"
        " CASE typeof(count) WHEN 'integer' THEN count END FROM likes"
    )
    # Octets that are not UTF-8 become lone surrogates, which no page id may have.
    return [
        Row(None if post_id is None else post_id.decode("utf-8", "surrogateescape"), count)
        for post_id, count in found
    ]


def _accepted(rows: Iterable[Row]) -> tuple[Counter[str], list[tuple[str, str]]]:
    """Return the likes of each id in its canonical form, and the rows left out with the reason."""
    likes: Counter[str] = Counter()
    skipped: list[tuple[str, str]] = []
    for row in rows:
        try:
            post_id, count = _checked(row)
        except ValueError as error:
            skipped.append((_shown(row.post_id or ""), str(error)))
        else:
            likes[post_id] += count
    return likes, skipped


def _checked(row: Row) -> tuple[str, int]:
    if row.post_id is None:
        raise ValueError("The id is not text.")
    if row.likes is None:
        raise ValueError("The count is not a whole number.")
    if not 0 <= row.likes <= MAX_LIKES:
        raise ValueError(f"The count {row.likes} is not between 0 and {MAX_LIKES}.")
    try:
        return pages.canonical(row.post_id), row.likes
    except pages.BadPage as error:
        raise ValueError(error.detail) from error


def _pages_by_name(paths: Iterable[str]) -> dict[str, list[str]]:
    """Return the pages that the article's client would give each name."""
    named: dict[str, set[str]] = {}
    for path in paths:
        try:
            page, name = pages.canonical(path), pages.canonical(_name(path))
        except pages.BadPage:  # no id that is accepted can mean it
            continue
        named.setdefault(name, set()).add(page)
    return {name: sorted(found) for name, found in named.items()}


def _name(path: str) -> str:
    """Return the id that the article's client makes of a path: the base name, `-` for the home."""
    return unquote(path.rstrip("/").rpartition("/")[2]) or "-"


def _summary(made: Plan) -> str:
    return (
        f"Likes: {sum(count for _, count in made.seeds)}."
        f" Pages found: {len(_found(made))}."
        f" Ids that could mean several pages: {len(made.ambiguous)}."
        f" Ids without a page: {len(made.unmatched)}. Rows left out: {len(made.skipped)}."
    )


def _found(made: Plan) -> list[tuple[str, int]]:
    kept = {post_id for post_id, _, _ in (*made.ambiguous, *made.unmatched)}
    return [seed for seed in made.seeds[len(made.aliases) :] if seed[0] not in kept]


def _placed(made: Plan) -> str:
    old: dict[str, list[str]] = {}
    for post_id, page in made.aliases:
        old.setdefault(page, []).append(_shown(post_id))
    lines = [
        f"  {_shown(page)}  {count}" + (f"  (was {', '.join(old[page])})" if page in old else "")
        for page, count in _found(made)
    ]
    return _section("Found their page; the old id counts for it from now on:", lines)


def _ambiguous(made: Plan) -> str:
    lines = []
    for post_id, count, candidates in made.ambiguous:
        lines.append(f"  {_shown(post_id)}  {count}")
        lines += [f"    --choose {shlex.quote(f'{post_id}={page}')}" for page in candidates]
    return _section(
        "Could mean several pages, so their likes stay under the old id until you choose:", lines
    )


def _unmatched(made: Plan) -> str:
    lines = [f"  {_shown(post_id)}  {count}" for post_id, count, _ in made.unmatched]
    return _section(
        "Without a page, so their likes stay under the old id. To find pages, give --sitemap with\n"
        "the site's sitemap.xml (a file or an address), or name one with --choose 'ID=/PATH':",
        lines,
    )


def _skipped(made: Plan) -> str:
    lines = [f"  {shown or '(no text)'}: {reason}" for shown, reason in made.skipped]
    return _section("Left out:", lines)


def _section(title: str, lines: list[str]) -> str:
    if not lines:
        return ""
    more = len(lines) - _SHOWN_ROWS
    rest = [f"  … and {more} more"] if more > 0 else []
    return "\n".join([title, *lines[:_SHOWN_ROWS], *rest])


def _shown(text: str) -> str:
    """Return text that a terminal can show: nothing that it would obey, and not too much."""
    cut = text[:_SHOWN_CHARACTERS] + ("…" if len(text) > _SHOWN_CHARACTERS else "")
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in cut
    )
