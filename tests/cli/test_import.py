"""`likewise import article`: counts and old ids come along, through the server or without it."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from tests.service import Service, voter

LIKES = {"hello": 12, "about": 3, "2024-notes": 5, "lost": 1}
SITEMAP = """<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
  <url><loc>https://example.com/posts/hello/</loc></url>
  <url><loc>https://example.com/about/</loc></url>
  <url><loc>https://example.com/a/2024-notes/</loc></url>
  <url><loc>https://example.com/b/2024-notes/</loc></url>
</urlset>
"""


@pytest.fixture
def likes(tmp_path: Path) -> Path:
    path = tmp_path / "likes.db"
    connection = apsw.Connection(str(path))
    connection.execute("CREATE TABLE likes (post_id TEXT PRIMARY KEY, count INTEGER)")
    connection.executemany("INSERT INTO likes VALUES (?, ?)", LIKES.items())
    connection.close()
    (tmp_path / "sitemap.xml").write_text(SITEMAP)
    return path


@pytest.fixture(params=["through the server", "alone"])
def runs(request: pytest.FixtureRequest, likewise: Service) -> bool:
    """Whether the server runs while the command does; the database is there either way."""
    likewise.start()
    is_alone: bool = request.param == "alone"
    if is_alone:
        likewise.stop()
    return not is_alone


def counts(likewise: Service, runs: bool, *pages: str) -> list[int]:
    if not runs:
        likewise.start()
    found = [likewise.count(page) for page in pages]
    if not runs:
        likewise.stop()
    return found


@pytest.mark.usefixtures("likes")
def test_without_a_sitemap_likes_stay_under_their_old_ids(likewise: Service, runs: bool) -> None:
    done = likewise.run("import", "article", "likes.db")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("Done: 4 counts set, 0 old ids kept.\n")
    assert counts(likewise, runs, *LIKES) == list(LIKES.values())


@pytest.mark.usefixtures("likes")
def test_sitemap_finds_pages_and_old_ids_count_for_them(likewise: Service, runs: bool) -> None:
    done = likewise.run("import", "article", "likes.db", "--sitemap", "sitemap.xml")
    assert done.returncode == 0
    assert "--choose 2024-notes=/a/2024-notes" in done.stdout
    pages = ("/posts/hello/", "hello", "/about/", "about", "2024-notes", "/a/2024-notes/")
    assert counts(likewise, runs, *pages) == [12, 12, 3, 3, 5, 0]


@pytest.mark.usefixtures("likes")
def test_twice_is_once_and_likes_given_between_stay(likewise: Service, runs: bool) -> None:
    command = ("import", "article", "likes.db", "--sitemap", "sitemap.xml")
    likewise.run(*command)
    if not runs:
        likewise.start()
    likewise.like("hello", voter(1))
    if not runs:
        likewise.stop()
    done = likewise.run(*command)
    assert done.returncode == 0
    assert counts(likewise, runs, "/posts/hello", "hello") == [13, 13]


@pytest.mark.usefixtures("likes")
def test_owner_chooses_between_pages(likewise: Service, runs: bool) -> None:
    (likewise.directory / "choices.txt").write_text("lost=/found\n\n")
    done = likewise.run(
        *("import", "article", "likes.db", "--sitemap", "sitemap.xml"),
        *("--choose", "2024-notes=/b/2024-notes", "--map", "choices.txt"),
    )
    assert done.returncode == 0, done.stderr
    assert counts(likewise, runs, "/b/2024-notes/", "2024-notes", "/found", "lost") == [5, 5, 1, 1]


@pytest.mark.usefixtures("likes", "runs")
def test_dry_run_changes_nothing(likewise: Service) -> None:
    database = likewise.directory / "likewise.db"
    before = database.read_bytes()
    done = likewise.run("import", "article", "likes.db", "--sitemap", "sitemap.xml", "--dry-run")
    assert done.returncode == 0
    assert "/posts/hello" in done.stdout
    assert "Done" not in done.stdout
    assert database.read_bytes() == before
    assert likewise.run("stats").stdout == ""


@pytest.mark.usefixtures("likes")
def test_dry_run_needs_no_database_and_makes_none(likewise: Service) -> None:
    done = likewise.run("import", "article", "likes.db", "--dry-run")
    assert (done.returncode, done.stderr) == (0, "")
    assert not (likewise.directory / "likewise.db").exists()


@pytest.mark.usefixtures("likes")
def test_counts_go_to_the_site_and_its_first_kind(likewise: Service) -> None:
    (likewise.directory / "likewise.toml").write_text('[sites.notes]\nkinds = ["❤️", "like"]\n')
    likewise.start()
    assert likewise.run("import", "article", "likes.db", "--site", "notes").returncode == 0
    assert likewise.count("hello", "❤", site="notes") == 12
    assert likewise.count("hello") == 0


@pytest.mark.usefixtures("likes")
def test_unknown_site_is_refused(likewise: Service) -> None:
    done = likewise.run("import", "article", "likes.db", "--site", "blog")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("likewise import: There is no site blog; there are: default.")


@pytest.mark.usefixtures("likes")
@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("nothing.db",), "There is no file {folder}/nothing.db."),
        (("likes.db", "--sitemap", "nothing.xml"), "nothing.xml"),
        (("likes.db", "--map", "nothing.txt"), "nothing.txt cannot be read: No such file or"),
        (("likes.db", "--map", "image.png"), "image.png is not written in UTF-8."),
        (("likes.db", "--choose", "hello"), "hello is not of the form hello=/posts/hello."),
        (("likes.db", "--choose", "nobody=/x"), "The database has no likes for nobody;"),
        (("image.png",), "image.png cannot be read as the article's database"),
    ],
)
def test_wrong_input_is_told_in_one_line(
    likewise: Service, arguments: tuple[str, ...], error: str
) -> None:
    (likewise.directory / "image.png").write_bytes(b"\x89PNG\r\n\xff" * 100)
    done = likewise.run("import", "article", *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("likewise import: ")
    assert error.format(folder=likewise.directory) in done.stderr
    assert done.stderr.count("\n") == 1


def test_large_import_goes_through_the_server_in_parts(likewise: Service, tmp_path: Path) -> None:
    connection = apsw.Connection(str(tmp_path / "likes.db"))
    connection.execute("CREATE TABLE likes (post_id TEXT PRIMARY KEY, count INTEGER)")
    with connection:
        connection.executemany(
            "INSERT INTO likes VALUES (?, ?)",
            ((f"{number:06d}-" + "é" * 200, number) for number in range(3_000)),
        )
    connection.close()
    done = likewise.start().run("import", "article", "likes.db")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("Done: 3000 counts set, 0 old ids kept.\n")
    assert likewise.count("002999-" + "é" * 200) == 2_999


@pytest.mark.usefixtures("likes")
def test_second_choice_moves_the_likes_and_says_that_the_old_id_stays(
    likewise: Service, runs: bool
) -> None:
    likewise.run("import", "article", "likes.db", "--choose", "hello=/one")
    done = likewise.run("import", "article", "likes.db", "--choose", "hello=/two")
    assert done.returncode == 0
    assert "hello: its likes are at the page chosen now, but the old id still" in done.stdout
    assert done.stdout.endswith("Done: 5 counts set, 0 old ids kept.\n")
    assert counts(likewise, runs, "hello", "/one", "/two") == [0, 0, 12]
