"""The importer of the article's database, on real SQLite files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import apsw
import pytest

from likewise.errors import StartError
from likewise.transfer.importers import article
from likewise.transfer.importers.article import Row, Unplaced
from tests.service import Service

TABLE = "CREATE TABLE likes (post_id TEXT PRIMARY KEY, count INTEGER)"
SQLiteRow = tuple[str | bytes | None, str | float | None]


def database(folder: Path, rows: Iterable[SQLiteRow] = (), schema: str = TABLE) -> Path:
    path = folder / "likes.db"
    connection = apsw.Connection(str(path))
    connection.execute(schema)
    connection.executemany("INSERT INTO likes VALUES (?, ?)", rows)
    connection.close()
    return path


def planned(
    rows: Iterable[tuple[str, int]], paths: Iterable[str] = (), *choices: str
) -> article.Plan:
    return article.plan([Row(*row) for row in rows], paths, article.choices(choices))


def test_rows_are_read_as_they_stand(tmp_path: Path) -> None:
    path = database(tmp_path, [("hello", 12), ("café", 3)])
    assert article.read(path) == [("hello", 12), ("café", 3)]


def test_reading_leaves_the_file_and_its_folder_unchanged(tmp_path: Path) -> None:
    path = database(tmp_path, [("hello", 12)])
    before = path.read_bytes()
    article.read(str(path))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_file_is_named_with_its_whole_path(tmp_path: Path) -> None:
    with pytest.raises(StartError, match=f"There is no file {tmp_path / 'likes.db'}"):
        article.read(tmp_path / "likes.db")
    assert not list(tmp_path.iterdir())


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="There is no file"):
        article.read(tmp_path)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "likes.db"
    path.write_text("post_id,count\n" * 100)
    with pytest.raises(StartError, match="cannot be read as the article's database"):
        article.read(path)


def test_a_damaged_database_is_refused(tmp_path: Path) -> None:
    path = database(tmp_path, [(f"post-{number}", number) for number in range(2000)])
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(StartError, match="cannot be read as the article's database"):
        article.read(path)


@pytest.mark.parametrize(
    "schema",
    [
        "CREATE TABLE posts (post_id TEXT, count INTEGER)",
        "CREATE TABLE likes (page TEXT, total INTEGER)",
        "CREATE VIEW likes AS SELECT 'hello' AS post_id, 1 AS count",
        "CREATE VIRTUAL TABLE likes USING fts5(post_id, count)",
        "CREATE TABLE likes (post_id TEXT, count INTEGER AS (length(post_id)))",
    ],
)
def test_only_a_plain_table_of_that_shape_is_read(tmp_path: Path, schema: str) -> None:
    path = database(tmp_path, schema=schema)
    with pytest.raises(StartError, match=r"has no table likes\(post_id, count\)"):
        article.read(path)


def test_values_that_no_like_can_have_are_left_out_and_listed(tmp_path: Path) -> None:
    path = database(
        tmp_path,
        [
            ("good", 2),
            (None, 1),
            (b"octets", 1),
            ("no-count", None),
            ("worded", "many"),
            ("half", 1.5),
            ("negative", -1),
            ("endless", 2**63 - 1),
            ("", 1),
            ("a\x1b[2J", 1),
            ("gpj.\u202eexe", 1),
            ("long" * 15_000, 1),
        ],
    )
    made = article.plan(article.read(path), [], {})
    assert made.seeds == [("good", 2)]
    assert len(made.skipped) == 11
    told = article.report(made)
    assert all(character.isprintable() or character == "\n" for character in told)
    assert len(told) < 5000


def test_an_id_that_is_not_utf_8_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "likes.db"
    connection = apsw.Connection(str(path))
    connection.execute(TABLE)
    connection.execute("INSERT INTO likes VALUES (CAST(x'66ff' AS TEXT), 4)")
    connection.close()
    made = article.plan(article.read(path), [], {})
    assert made.seeds == []
    assert len(made.skipped) == 1
    article.report(made).encode()


def test_markup_in_an_id_is_kept_as_text() -> None:
    made = planned([("<img src=x onerror=alert(1)>", 1)])
    assert made.seeds == [("<img src=x onerror=alert(1)>", 1)]


def test_without_a_sitemap_every_like_stays_under_its_id() -> None:
    made = planned([("hello", 12), ("about", 3)])
    assert made.seeds == [("hello", 12), ("about", 3)]
    assert made.aliases == []
    assert made.unmatched == [Unplaced("hello", 12, []), Unplaced("about", 3, [])]
    assert "--sitemap" in article.report(made)


def test_an_id_that_ends_one_path_counts_for_that_page() -> None:
    made = planned([("hello", 12)], ["/", "/posts/", "/posts/hello/"])
    assert made.seeds == [("hello", 0), ("/posts/hello", 12)]
    assert made.aliases == [("hello", "/posts/hello")]
    assert not made.ambiguous
    assert not made.unmatched


@pytest.mark.parametrize(
    ("path", "post_id", "page"),
    [
        ("/", "-", "/"),
        ("/posts/hello.html", "hello.html", "/posts/hello.html"),
        ("/posts/index.html", "index.html", "/posts"),
        ("/caf%C3%A9/", "café", "/café"),
        ("/cafe%CC%81/", "café", "/café"),
        ("/a/c%23/", "c#", "/a/c%23"),
        ("/a/100%25/", "100%", "/a/100%25"),
        ("/blog/", "blog", "/blog"),
        ("/posts/hello", "hello", "/posts/hello"),
    ],
)
def test_ids_are_those_that_the_old_client_made(path: str, post_id: str, page: str) -> None:
    assert planned([(post_id, 1)], [path]).aliases == [(post_id, page)]


def test_an_id_that_ends_several_paths_is_not_guessed() -> None:
    made = planned([("hello", 12)], ["/posts/hello/", "/notes/hello/", "/es/posts/hello/"])
    candidates = ["/es/posts/hello", "/notes/hello", "/posts/hello"]
    assert made.ambiguous == [Unplaced("hello", 12, candidates)]
    assert made.seeds == [("hello", 12)]
    assert made.aliases == []
    assert "--choose hello=/notes/hello" in article.report(made)


def test_the_home_pages_of_languages_are_their_last_segment() -> None:
    made = planned([("en", 5), ("es", 6)], ["/en/", "/es/"])
    assert made.aliases == [("es", "/es"), ("en", "/en")]


def test_spellings_of_one_path_are_one_candidate() -> None:
    made = planned([("hello", 1)], ["/posts/hello/", "/posts/hello", "/posts//hello/"])
    assert made.aliases == [("hello", "/posts/hello")]


def test_the_owner_decides_between_several_pages() -> None:
    paths = ["/posts/hello/", "/notes/hello/"]
    made = planned([("hello", 12)], paths, "hello=/notes/hello/")
    assert made.seeds == [("hello", 0), ("/notes/hello", 12)]
    assert made.aliases == [("hello", "/notes/hello")]
    assert not made.ambiguous


def test_the_owner_may_name_a_page_that_no_sitemap_has() -> None:
    made = planned([("hello", 12)], [], "hello=/moved/")
    assert made.aliases == [("hello", "/moved")]


def test_two_ids_of_one_page_are_summed() -> None:
    made = planned([("hello", 12), ("hallo", 3)], ["/posts/hello/"], "hallo=/posts/hello/")
    assert made.seeds == [("hello", 0), ("hallo", 0), ("/posts/hello", 15)]
    assert made.aliases == [("hello", "/posts/hello"), ("hallo", "/posts/hello")]
    assert "/posts/hello  15  (was hello, hallo)" in article.report(made)


def test_ids_that_differ_in_spelling_only_are_one() -> None:
    made = planned([("café", 1), ("cafe\u0301", 2), (" café ", 4)], ["/café/"])
    assert made.seeds == [("café", 0), ("/café", 7)]
    assert made.aliases == [("café", "/café")]


def test_an_id_that_is_a_path_already_is_its_own_page() -> None:
    made = planned([("/posts/hello/", 5), ("hello", 2)], ["/posts/hello/"])
    assert made.seeds == [("hello", 0), ("/posts/hello", 7)]
    assert made.aliases == [("hello", "/posts/hello")]
    assert not made.unmatched


def test_no_like_is_lost_whatever_the_sitemap_says() -> None:
    rows = [("hello", 1), ("about", 2), ("old", 4), ("-", 8), ("/x", 16)]
    for paths in ([], ["/"], ["/a/hello/", "/b/hello/", "/about/"], ["/%00", "/\u202e"]):
        assert sum(likes for _, likes in planned(rows, paths).seeds) == 31


def test_a_sitemap_that_comes_later_moves_the_likes_instead_of_doubling_them() -> None:
    stored: dict[str, int] = {}
    for paths in ([], ["/posts/hello/"], ["/posts/hello/"]):
        stored.update(planned([("hello", 12)], paths).seeds)
    assert sum(stored.values()) == 12


def test_likes_given_between_two_imports_are_kept(service: Service, tmp_path: Path) -> None:
    source = str(database(tmp_path, [("hello", 12)]))
    sitemap = tmp_path / "sitemap.xml"
    sitemap.write_text("<urlset><url><loc>https://example.org/posts/hello/</loc></url></urlset>")
    assert service.run("import", "article", source).returncode == 0
    assert service.count("hello") == 12
    service.like("hello", "a-reader-in-between")
    for _ in range(2):
        done = service.run("import", "article", source, "--sitemap", str(sitemap))
        assert done.returncode == 0, done.stderr
        assert service.count("hello") == 13
        assert service.count("/posts/hello/") == 13


def test_a_dry_run_changes_nothing(service: Service, tmp_path: Path) -> None:
    source = str(database(tmp_path, [("hello", 12)]))
    done = service.run("import", "article", source, "--choose", "hello=/posts/hello/", "--dry-run")
    assert "/posts/hello  12  (was hello)" in done.stdout
    assert service.count("/posts/hello") == 0
    assert service.count("hello") == 0


def test_planning_twice_gives_the_same() -> None:
    rows, paths = [("hello", 12), ("about", 3)], ["/posts/hello/", "/about/"]
    assert planned(rows, paths) == planned(rows, paths)


@pytest.mark.parametrize("text", ["hello", "hello=posts", "=/posts", "hello=/%00\u202e"])
def test_a_choice_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(StartError):
        article.choices([text])


def test_one_id_cannot_be_given_two_pages() -> None:
    with pytest.raises(StartError, match="two pages"):
        article.choices(["hello=/a", "hello=/b"])


def test_choices_may_come_from_the_lines_of_a_file() -> None:
    lines = "hello=/posts/hello/\n\n  a=b=/c/\n".splitlines()
    assert article.choices(lines) == {"hello": "/posts/hello", "a=b": "/c"}


def test_a_choice_for_an_id_that_is_not_there_is_refused() -> None:
    with pytest.raises(StartError, match="no likes for helo"):
        planned([("hello", 1)], [], "helo=/posts/hello/")


def test_the_report_is_for_people() -> None:
    made = planned([("hello", 12), ("note", 3), ("gone", 1)], ["/a/hello/", "/a/note/", "/b/note/"])
    assert article.report(made) == (
        "Likes: 16. Pages found: 1. Ids that could mean several pages: 1. Ids without a page: 1."
        " Rows left out: 0.\n"
        "\n"
        "Found their page; the old id counts for it from now on:\n"
        "  /a/hello  12  (was hello)\n"
        "\n"
        "Could mean several pages, so their likes stay under the old id until you choose:\n"
        "  note  3\n"
        "    --choose note=/a/note\n"
        "    --choose note=/b/note\n"
        "\n"
        "Without a page, so their likes stay under the old id. To find pages, give --sitemap with\n"
        "the site's sitemap.xml (a file or an address), or name one with --choose 'ID=/PATH':\n"
        "  gone  1\n"
    )


def test_a_report_of_very_many_ids_stays_readable() -> None:
    told = article.report(planned([(f"junk-{number}", 1) for number in range(5000)]))
    assert len(told.splitlines()) < 250
    assert "and 4800 more" in told
