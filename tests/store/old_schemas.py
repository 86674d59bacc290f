"""Databases of every schema that there has been, as SQL that can be read.

`python -m tests.store.old_schemas` writes the one of the newest schema, once: before a migration is
added, so that the upgrade from there can be tested for ever.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from likewise.store import (
    FIRST_HOUR,
    LAST_HOUR,
    Alias,
    ReasonQuery,
    Seed,
    Sight,
    Wish,
)
from likewise.store.audience import View
from likewise.store.migrate import migrations
from likewise.store.orders import Order, Purge
from likewise.store.sqlite import SqliteStore
from tests.files import secret_path
from tests.service import voter
from tests.store.database import ANNA, BORIS, CLARA, NAME, NOON, SITE, all_of, rows, run, stranger
from tests.store.database import submit as send

FOLDER = Path(__file__).with_name("schemas")
SECRET = "0123456789abcdef" * 4
OWNER = "key 00000000"
KEY_DIGEST = bytes(range(32))
HOUR = int(NOON) // 3_600


def schema_file(number: int) -> Path:
    """Return where the database of a schema is kept."""
    return FOLDER / f"{number:04}.sql"


def schemas_kept() -> list[int]:
    """Return the schemas that are kept."""
    return sorted(int(path.stem) for path in FOLDER.glob("*.sql"))


def old_database(folder: Path, number: int) -> Path:
    """Make the database of a schema, with its secret; return it."""
    path = folder / NAME
    with stranger(path) as connection:
        connection.execute(schema_file(number).read_text(encoding="utf-8"))
    secret_path(path).write_text(SECRET + "\n", encoding="ascii")
    return path


def tables_of(path: Path) -> list[tuple[str, str, str]]:
    """Return what a database is made of, as SQLite keeps it."""
    return rows(path, "SELECT type, name, sql FROM sqlite_schema ORDER BY type, name")


def contents_of(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table."""
    names = [name for kind, name, _ in tables_of(path) if kind == "table"]
    return {name: rows(path, f"SELECT * FROM {name} ORDER BY 1, 2") for name in names}


def dumped(path: Path) -> str:
    """Return SQL that makes this database once more, to be read by people."""
    schema = rows(path, "PRAGMA user_version")[0][0]
    lines = [f"PRAGMA application_id = {rows(path, 'PRAGMA application_id')[0][0]};"]
    lines += [f"PRAGMA user_version = {schema};", "BEGIN;"]
    names = rows(path, "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid")
    lines += ["", *(f"{sql};" for name, sql in names if name != "sqlite_sequence")]
    for name in sorted(contents_of(path)):
        lines += ["", f"DELETE FROM {name};"] if name == "sqlite_sequence" else [""]
        columns = [
            column for (column,) in rows(path, f"SELECT name FROM pragma_table_info('{name}')")
        ]
        quoted = " || ', ' || ".join(f"quote({column})" for column in columns)
        lines += [
            f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({values});"
            for (values,) in rows(path, f"SELECT {quoted} FROM {name} ORDER BY 1")
        ]
    return "\n".join([*lines, "COMMIT;", ""])


async def story(store: SqliteStore) -> None:
    """Let happen what leaves a row of every sort."""
    await _likes(store)
    await _corrections(store)
    await _reasons(store)
    await _views(store)


async def _likes(store: SqliteStore) -> None:
    """What there has been since schema 1."""
    likes = [
        Wish(SITE, "/hello", "like", ANNA, 1, 1),
        Wish(SITE, "/hello", "like", BORIS, 1, 2),
        Wish(SITE, "/hello", "like", CLARA, 1, 3),
        Wish(SITE, "/hello", "🎉", ANNA, 3, 1),
        Wish(SITE, "/café", "like", BORIS, 1, 1),
        Wish(SITE, "/café", "like", BORIS, 0),
        Wish("notes", "a note", "❤️", CLARA, 1, 1),
    ]
    for one in likes:
        await send(store, one)
    seeds = [Seed(SITE, "/hello", "like", 40), Seed(SITE, "/old", "like", 7)]
    await store.adopt(seeds, [Alias(SITE, "/hello.html", "/hello")])
    await store.set_admin_key_digest(KEY_DIGEST)


async def _corrections(store: SqliteStore) -> None:
    """What there has been since schema 2."""
    spam = [Wish(SITE, "/spam", "like", voter(n), 1, n % 4) for n in range(10, 14)]
    await all_of(send(store, one) for one in [*spam, Wish(SITE, "/made-up", "like", ANNA, 1, 1)])
    await store.surges.mark(Sight(SITE, "/spam", HOUR, 4, 4))
    await store.surges.mark(Sight(SITE, None, HOUR, 9, 9))
    orders = [
        Order("merge", SITE, "/old", "/hello"),
        Order("block", SITE, "/spam"),
        Order("delete", SITE, "/made-up"),
        Order("set", SITE, "/set", kind="like", total=100),
    ]
    for order in orders:
        await store.ledger.correct(order, OWNER, dry_run=False)
    purge = Purge(SITE, "/spam", None, FIRST_HOUR, LAST_HOUR, keep=1)
    await store.ledger.purge(purge, "command", dry_run=False)
    renamed = Order("rename", SITE, "/café", "/cafe")
    effect = await store.ledger.correct(renamed, OWNER, dry_run=False)
    assert effect.correction is not None
    await store.ledger.undo(effect.correction, OWNER)


async def _reasons(store: SqliteStore) -> None:
    """What there has been since reasons."""
    for who, reason in ((ANNA, "Too long"), (BORIS, "The second link is broken"), (CLARA, "Spam")):
        await send(store, Wish(SITE, "/hello", "no", who, 1, 1, reason=reason))
    found = await store.reasons(ReasonQuery(SITE, None, None, 1))
    await store.ledger.remove_reason(SITE, found.rows[0].number, OWNER, dry_run=False)


async def _views(store: SqliteStore) -> None:
    """What there has been since views."""
    for page, host in (("/hello", "news.example"), ("/hello", None), ("/gone", "search.example")):
        await store.views.count(View(SITE, page, host, may_create=True))
    await store.ledger.correct(Order("delete", SITE, "/gone"), OWNER, dry_run=False)


def main() -> int:
    """Write the newest schema's database, unless it is kept already."""
    to = schema_file(migrations()[-1].number)
    if to.exists():
        sys.stderr.write(f"{to} is there already, and stays as it is.\n")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / NAME
        secret_path(path).write_text(SECRET + "\n", encoding="ascii")
        run(path, story)
        to.write_text(dumped(path), encoding="utf-8")
    sys.stdout.write(f"{to}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
