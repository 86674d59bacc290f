"""Settings: where values come from, which are refused, and in which words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise import forms
from likewise.addresses import LOOPBACK, PRIVATE, Range
from likewise.errors import StartError
from likewise.limits import Limits, Rate, parse_limits
from likewise.origins import LOCALHOST
from likewise.settings import FLAGS, SETTINGS, Setting, load
from likewise.sites import Kind, Site

KEY = "a-key-for-tests-0123456789abcdef"
SECRET = "0123456789abcdef0123456789abcdef"
NO_TEXT = "\udcff" * 40  # as the environment gives octets that are not UTF-8


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refusal(environment: Mapping[str, str], flags: Mapping[str, str] | None = None) -> str:
    with pytest.raises(StartError) as caught:
        load(flags or {}, environment)
    text = str(caught.value)
    assert text.endswith((".", "?"))
    return text


# Where values come from


def test_nothing_configured_is_a_service_for_this_machine_alone(folder: Path) -> None:
    settings = load({}, {})
    assert (settings.host, settings.port, settings.url) == ("127.0.0.1", 8000, None)
    assert settings.database_path == str(folder / "likewise.db")
    assert settings.admin_key is None
    assert settings.secret is None
    assert settings.trusted_proxies == forms.Trust(tuple(LOOPBACK), unix_socket=True)
    assert settings.limits == Limits()
    (site,) = settings.sites
    assert (site.name, site.origins, site.kinds) == ("default", LOCALHOST, ("like",))
    assert settings.serves_demo
    assert not settings.has_sites


def test_flag_beats_environment_beats_file(folder: Path) -> None:
    (folder / "likewise.toml").write_text(
        'LIKEWISE_PORT = 1\nLIKEWISE_HOST = "127.0.0.2"\nLIKEWISE_LOG = "json"\n'
    )
    environment = {"LIKEWISE_PORT": "2", "LIKEWISE_HOST": "127.0.0.3"}
    settings = load({"LIKEWISE_PORT": "3"}, environment)
    assert (settings.port, settings.host, settings.log) == (3, "127.0.0.3", "json")


def test_a_value_that_is_beaten_is_not_judged() -> None:
    assert load({"LIKEWISE_PORT": "3"}, {"LIKEWISE_PORT": "none"}).port == 3


def test_file_may_lie_elsewhere(folder: Path) -> None:
    (folder / "blog.toml").write_text("LIKEWISE_PORT = 9000\n")
    assert load({}, {"LIKEWISE_CONFIG": "blog.toml"}).port == 9000


def test_lists_and_switches_of_the_file_are_its_own(folder: Path) -> None:
    (folder / "likewise.toml").write_text(
        'LIKEWISE_ORIGINS = ["https://a.example", "https://b.example"]\n'
        'LIKEWISE_KINDS = ["❤️", "🎉"]\n'
        "LIKEWISE_DEMO = true\nLIKEWISE_ACCESS_LOG = false\n"
    )
    settings = load({}, {})
    assert settings.origins == ("https://a.example", "https://b.example")
    assert settings.kinds == ("❤", "🎉")
    assert settings.demo is True
    assert settings.access_log is False


def test_database_may_be_named_from_home(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setenv("HOME", str(folder))
    assert load({}, {"LIKEWISE_DATABASE": "~/l.db"}).database_path == str(folder / "l.db")
    assert load({}, {"LIKEWISE_BACKUPS": " ~/b "}).backups_path == str(folder / "b")
    assert load({}, {"LIKEWISE_BACKUPS": ""}).backups_path is None


def test_other_variables_are_nobody_s_business() -> None:
    assert load({}, {"LIKEWISES_PORT": "x", "PORT": "x", "MY_LIKEWISE_HOST": ""}).port == 8000


# Secrets


@pytest.mark.parametrize("name", ["LIKEWISE_ADMIN_KEY", "ADMIN_API_KEY"])
def test_key_may_have_the_name_of_the_article(name: str) -> None:
    assert load({}, {name: KEY}).admin_key == KEY


@pytest.mark.parametrize("article_first", [True, False])
def test_our_own_name_beats_the_article_s(article_first: bool) -> None:
    pairs = [("ADMIN_API_KEY", "fallback_secret"), ("LIKEWISE_ADMIN_KEY", KEY)]
    assert load({}, dict(pairs if article_first else reversed(pairs))).admin_key == KEY


@pytest.mark.parametrize("name", ["LIKEWISE_ADMIN_KEY_FILE", "ADMIN_API_KEY_FILE"])
@pytest.mark.parametrize("ending", ["", "\n", "\r\n", "\n\n"])
def test_secret_is_read_from_a_file_without_its_line_end(
    folder: Path, name: str, ending: str
) -> None:
    (folder / "key").write_text(KEY + ending)
    assert load({}, {name: "key"}).admin_key == KEY


def test_file_of_settings_may_name_the_file_of_a_secret(folder: Path) -> None:
    (folder / "secret").write_text(SECRET)
    (folder / "likewise.toml").write_text('LIKEWISE_SECRET_FILE = "secret"\n')
    assert load({}, {}).secret == SECRET


def test_missing_file_of_a_secret_is_named() -> None:
    assert refusal({"LIKEWISE_SECRET_FILE": "/nowhere/secret"}) == (
        "LIKEWISE_SECRET_FILE=/nowhere/secret: the file cannot be read: No such file or directory."
    )


@pytest.mark.parametrize("path", ["", ".", "likewise.toml/x", "a\0b", "a" * 5_000])
def test_file_of_a_secret_that_cannot_be_read_is_refused(path: str) -> None:
    assert refusal({"LIKEWISE_ADMIN_KEY_FILE": path}).startswith("LIKEWISE_ADMIN_KEY_FILE=")


def test_file_of_a_secret_must_hold_text(folder: Path) -> None:
    (folder / "key").write_bytes(b"\xff" * 40)
    text = refusal({"LIKEWISE_ADMIN_KEY_FILE": "key"})
    assert text == "LIKEWISE_ADMIN_KEY_FILE=key: the file does not hold text."


def test_key_in_a_file_is_judged_like_any_other(folder: Path) -> None:
    (folder / "key").write_text("hunter2\n")
    text = refusal({"LIKEWISE_ADMIN_KEY_FILE": "key"})
    assert text.startswith("LIKEWISE_ADMIN_KEY_FILE=key: expected at least 24 random characters")
    assert "hunter2" not in text


def test_value_and_file_of_a_secret_exclude_each_other(folder: Path) -> None:
    (folder / "key").write_text(KEY)
    environment = {"LIKEWISE_ADMIN_KEY": KEY, "LIKEWISE_ADMIN_KEY_FILE": "key"}
    assert refusal(environment) == (
        "LIKEWISE_ADMIN_KEY and LIKEWISE_ADMIN_KEY_FILE are both set. Keep one of them."
    )


WEAK_KEYS = ["", " ", "short", "x" * 23, "ab" * 40, "fallback_secret", "TuSuperPasswordSecreto123"]


@pytest.mark.parametrize("name", ["LIKEWISE_ADMIN_KEY", "ADMIN_API_KEY"])
@pytest.mark.parametrize("key", [*WEAK_KEYS, f"{KEY} {KEY}", KEY + "é", KEY + "\n", NO_TEXT])
def test_weak_key_stops_the_start_and_is_not_shown(name: str, key: str) -> None:
    text = refusal({name: key})
    assert text.startswith(f"{name}: ")
    assert not key.strip() or key not in text


@pytest.mark.parametrize("secret", ["", "short", "x" * 31, "x" * 65, "é" * 33, NO_TEXT])
def test_unusable_secret_stops_the_start_and_is_not_shown(secret: str) -> None:
    text = refusal({"LIKEWISE_SECRET": secret})
    assert text.startswith("LIKEWISE_SECRET: expected 32 to 64 random bytes")
    assert not secret or secret not in text


def test_weak_key_in_the_file_of_settings_is_not_shown(folder: Path) -> None:
    (folder / "likewise.toml").write_text('LIKEWISE_ADMIN_KEY = "hunter2"\n')
    text = refusal({})
    assert text.startswith("LIKEWISE_ADMIN_KEY in likewise.toml: expected")
    assert "hunter2" not in text


# Wrong values


WRONG = [
    ("LIKEWISE_HOST", "", "expected an address"),
    ("LIKEWISE_HOST", "not a host", "expected an address"),
    ("LIKEWISE_HOST", "127.0.0.1:8000", "expected an address"),
    ("LIKEWISE_HOST", "unix:", "expected an address"),
    ("LIKEWISE_HOST", "a" * 64, "expected an address"),
    ("LIKEWISE_PORT", "", "expected a port number"),
    ("LIKEWISE_PORT", "65536", "expected a port number"),
    ("LIKEWISE_PORT", "-1", "expected a port number"),
    ("LIKEWISE_PORT", "8e3", "expected a port number"),
    ("LIKEWISE_PORT", "٨٠", "expected a port number"),
    ("LIKEWISE_PORT", "9" * 5_000, "expected a port number"),
    ("LIKEWISE_DATABASE", "", "expected the name of an SQLite file"),
    ("LIKEWISE_DATABASE", "postgresql://db/likes", "expected the name of an SQLite file"),
    ("LIKEWISE_DATABASE", NO_TEXT, "expected the name of an SQLite file"),
    ("LIKEWISE_BACKUPS", "s3://bucket/likewise", "expected the name of a folder"),
    ("LIKEWISE_BACKUPS", NO_TEXT, "expected the name of a folder"),
    *[
        ("LIKEWISE_BACKUPS_KEPT", text, "expected a whole number from 1 to 9999")
        for text in ("", "0", "-1", "x", "1.5", "10000", "\u0661")
    ],
    ("LIKEWISE_URL", "likes.example.com", "expected a public address"),
    ("LIKEWISE_URL", "ftp://likes.example.com", "expected a public address"),
    ("LIKEWISE_URL", "https://*.example.com", "expected a public address"),
    ("LIKEWISE_URL", "http://localhost:*", "expected a public address"),
    ("LIKEWISE_URL", "https://user:password@example.com", "expected a public address"),
    ("LIKEWISE_URL", "https://example.com/?a=b", "expected a public address"),
    ("LIKEWISE_URL", 'https://example.com/"><script>', "expected a public address"),
    ("LIKEWISE_URL", "https://\u202eexample.com", "expected a public address"),
    ("LIKEWISE_URL", "https://example.com/\nx", "expected a public address"),
    ("LIKEWISE_ADMIN_HOST", "https://admin.example.com", "expected the name of a host"),
    ("LIKEWISE_ADMIN_HOST", "admin.example.com:8000", "expected the name of a host"),
    ("LIKEWISE_ADMIN_HOST", "admin.example.com/", "expected the name of a host"),
    ("LIKEWISE_ADMIN_HOST", "*.example.com", "expected the name of a host"),
    ("LIKEWISE_ADMIN_HOST", "admin.example.com\nx", "expected the name of a host"),
    ("LIKEWISE_ADMIN_HOST", "\u202eadmin.example.com", "expected the name of a host"),
    ("LIKEWISE_ADMIN_HOST", "admin.example.com'", "expected the name of a host"),
    ("LIKEWISE_ORIGINS", "example.com", "is no origin: write scheme and host"),
    ("LIKEWISE_ORIGINS", "https://example.com/path", "is no origin: write scheme and host"),
    ("LIKEWISE_ORIGINS", "https://example.com,*", "'*' is no origin"),
    ("LIKEWISE_ORIGINS", "null", "is no origin"),
    ("LIKEWISE_ORIGINS", "https://*.pages.dev", "would let strangers write"),
    ("LIKEWISE_ORIGINS", "https://*.github.io", "would let strangers write"),
    ("LIKEWISE_ORIGINS", "https://*.co.uk", "would let strangers write"),
    ("LIKEWISE_ORIGINS", "https://*.com", "would let strangers write"),
    ("LIKEWISE_TRUSTED_PROXIES", "localhost", "neither an address nor a CIDR range"),
    ("LIKEWISE_TRUSTED_PROXIES", "10.0.0.0/33", "a prefix longer than its address"),
    ("LIKEWISE_TRUSTED_PROXIES", "10.0.0.0/", "neither an address nor a CIDR range"),
    ("LIKEWISE_CLIENT_HEADER", "CF Connecting IP", "expected a header's name"),
    ("LIKEWISE_CLIENT_HEADER", "X-Forwarded-Host", "never believed"),
    ("LIKEWISE_KINDS", "", "is no kind"),
    ("LIKEWISE_KINDS", "like,", "is no kind"),
    ("LIKEWISE_KINDS", "like,views", "is no kind"),
    ("LIKEWISE_KINDS", "like, like", "a kind stands there twice"),
    ("LIKEWISE_KINDS", "❤️,❤", "a kind stands there twice"),
    ("LIKEWISE_KINDS", "x" * 33, "of at most 32 bytes"),
    ("LIKEWISE_VIEWS", "perhaps", "expected on or off"),
    ("LIKEWISE_PAGES", "closed", "expected open, signed, sitemap"),
    ("LIKEWISE_PAGES", "signed:x", "expected open, signed, sitemap"),
    ("LIKEWISE_PAGES", "sitemap:/feed.xml", "expected an address behind sitemap:"),
    ("LIKEWISE_PAGES", "sitemap:http://example.com/feed.xml", "begins with https://"),
    ("LIKEWISE_PAGES", "sitemap", "so the site needs a url"),
    ("LIKEWISE_LIMITS", "maybe", "is no limit; there are: burst, day"),
    ("LIKEWISE_LIMITS", "burst=2", "is no rate; write it like burst=2/10s"),
    ("LIKEWISE_LIMITS", "day=x", "is no number"),
    ("LIKEWISE_DEMO", "perhaps", "expected on or off"),
    ("LIKEWISE_LOOP", "trio", "expected asyncio or uvloop"),
    ("LIKEWISE_LOG", "xml", "expected text or json"),
    ("LIKEWISE_ACCESS_LOG", "2", "expected on or off"),
]


@pytest.mark.parametrize(("name", "value", "expected"), WRONG)
def test_wrong_value_is_refused_with_name_value_and_expectation(
    name: str, value: str, expected: str
) -> None:
    text = refusal({name: value})
    assert text.startswith(f"{name}={value}: ")
    assert expected in text


def test_every_setting_but_secrets_is_in_the_table_of_wrong_values() -> None:
    named = {name for name, _, _ in WRONG}
    assert named == {setting.name for setting in SETTINGS if not setting.is_secret}


def test_wrong_value_of_a_flag_names_the_flag() -> None:
    text = refusal({}, {"LIKEWISE_CLIENT_HEADER": "a b"})
    assert text.startswith("--client-header=a b: expected a header's name")


def test_wrong_value_in_the_file_names_the_file(folder: Path) -> None:
    (folder / "likewise.toml").write_text("LIKEWISE_PORT = 70000\n")
    text = refusal({})
    assert text.startswith("LIKEWISE_PORT=70000 in likewise.toml: expected a port number")


# Right values


RIGHT: list[tuple[Callable[[str], object], str, object]] = [
    (forms.host, " :: ", "::"),
    (forms.host, "[::1]", "::1"),
    (forms.host, "localhost", "localhost"),
    (forms.host, "fe80::1%eth0", "fe80::1%eth0"),
    (forms.host, "unix:/run/likewise.sock", "unix:/run/likewise.sock"),
    (forms.port, "0", 0),
    (forms.port, "65535", 65_535),
    (forms.url, "", None),
    (forms.url, "https://likes.example.com/", "https://likes.example.com"),
    (forms.url, "https://Likes.Example.COM:443/a", "https://likes.example.com/a"),
    (forms.url, "https://münchen.example", "https://xn--mnchen-3ya.example"),
    (forms.url, "http://[::1]:8000", "http://[::1]:8000"),
    (forms.admin_host, "", None),
    (forms.admin_host, " Admin.Example.COM ", "admin.example.com"),
    (forms.admin_host, "münchen.example", "xn--mnchen-3ya.example"),
    (forms.admin_host, "[::1]", "[::1]"),
    (forms.switch, " Yes", True),
    (forms.switch, "", False),
    (forms.origins, " https://a.example , ,", ("https://a.example",)),
    (forms.kinds, " ❤️ ,like", ("❤", "like")),
    (forms.trust, "none", forms.Trust((), unix_socket=False)),
    (forms.trust, "private", forms.Trust(tuple(PRIVATE), unix_socket=False)),
    (forms.trust, "192.0.2.10", forms.Trust((Range(0xC000020A, 32, 4),), unix_socket=False)),
    (forms.header, "CF-Connecting-IP", b"cf-connecting-ip"),
    (forms.header, "", None),
    (parse_limits, "off", None),
    (parse_limits, "burst=5/10s, day=3", Limits(burst=Rate(5, 10), day=3)),
]


@pytest.mark.parametrize(("read", "text", "value"), RIGHT)
def test_right_value_is_read(read: Callable[[str], object], text: str, value: object) -> None:
    assert read(text) == value


def test_relative_socket_is_found_from_any_folder(folder: Path) -> None:
    assert forms.host("unix:likewise.sock") == f"unix:{folder}/likewise.sock"


ANY_TEXT = st.text(st.characters(exclude_categories=()))
ALMOST_RIGHT = st.builds(
    lambda text, at, inserted: text[:at] + inserted + text[at:],
    st.sampled_from([text for _, text, _ in RIGHT] + [value[:99] for _, value, _ in WRONG]),
    st.integers(0, 40),
    ANY_TEXT,
)


@given(setting=st.sampled_from(SETTINGS), text=ANY_TEXT | ALMOST_RIGHT)
def test_forms_raise_nothing_but_value_error(setting: Setting, text: str) -> None:
    with suppress(ValueError):
        setting.read(text)


@given(text=ANY_TEXT | ALMOST_RIGHT)
def test_address_that_is_accepted_is_safe_in_a_page(text: str) -> None:
    try:
        url = forms.url(text)
    except ValueError:
        return
    assert url is None or (url.startswith("http") and url.isascii() and not set(url) & set(' "<>`'))


# Who may write


def origins(text: str) -> Callable[[str], bool]:
    (site,) = load({}, {"LIKEWISE_ORIGINS": text}).sites
    return site.origins.allow


def test_origins_are_compared_as_browsers_write_them() -> None:
    allow = origins("https://Example.com/, https://münchen.example:443, http://a.example:8080")
    assert allow("https://example.com")
    assert allow("https://xn--mnchen-3ya.example")
    assert allow("http://a.example:8080")
    assert not allow("http://example.com")
    assert not allow("https://www.example.com")
    assert not allow("http://a.example")
    assert not allow("null")


def test_star_is_any_name_below_and_not_the_name_itself() -> None:
    allow = origins("https://*.example.com")
    assert allow("https://www.example.com")
    assert allow("https://a.b.example.com")
    assert not allow("https://example.com")
    assert not allow("https://evilexample.com")
    assert not allow("https://www.example.com.evil.example")


def test_star_under_a_shared_host_is_right_below_an_own_name() -> None:
    assert origins("https://*.mine.pages.dev")("https://preview.mine.pages.dev")


def test_without_origins_only_this_machine_may_write() -> None:
    allow = origins("")
    assert allow("http://localhost:1313")
    assert allow("http://127.0.0.1")
    assert not allow("https://localhost")
    assert not allow("http://localhost.evil.example")


# likewise.toml


SITES = """
[sites.default]
url = "https://example.com"

[sites.notes]
origins = ["https://notes.example.com", "http://localhost:1313"]
kinds = ["❤️", "🎉"]
"""


def test_sites_have_tables(folder: Path) -> None:
    (folder / "likewise.toml").write_text(SITES)
    settings = load({}, {})
    default, notes = settings.sites
    assert (default.name, default.url) == ("default", "https://example.com")
    assert default.kinds == ("like",)
    assert default.origins.allow("https://example.com")
    assert not default.origins.allow("http://localhost:1313")
    assert notes.origins.allow("http://localhost:1313")
    assert notes.kinds == ("❤", "🎉")
    assert settings.has_sites
    assert not settings.serves_demo


def test_environment_sets_the_default_site_beside_others(folder: Path) -> None:
    (folder / "likewise.toml").write_text('[sites.notes]\nurl = "https://notes.example.com"\n')
    settings = load({}, {"LIKEWISE_ORIGINS": "https://example.com"})
    assert [site.name for site in settings.sites] == ["default", "notes"]
    assert settings.sites[0].origins.allow("https://example.com")


@pytest.mark.parametrize(
    "key",
    ["short", "a" * 30, "abcdefghijkl-mnopqrstuv wxyz", ",".join(["0123456789-abcdefghijkl"] * 3)],
)
def test_weak_page_key_stops_the_start_and_is_not_shown(key: str) -> None:
    text = refusal({"LIKEWISE_PAGE_KEY": key})
    assert text.startswith("LIKEWISE_PAGE_KEY: expected ")
    assert key not in text
    assert "made at the first start" not in text


def test_pages_are_known_by_the_sitemap_of_the_sites_own_address(folder: Path) -> None:
    (folder / "likewise.toml").write_text(
        """
        [sites.blog]
        url = "https://example.com/blog"
        pages = "sitemap"
        [sites.notes]
        url = "https://notes.example"
        pages = "sitemap:https://notes.example/feed.xml?all=1"
        """
    )
    assert [site.sitemap for site in load({}, {}).sites] == [
        None,
        "https://example.com/blog/sitemap.xml",
        "https://notes.example/feed.xml?all=1",
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LIKEWISE_ORIGINS", "https://example.com"),
        ("LIKEWISE_KINDS", "like,wow"),
        ("LIKEWISE_PAGES", "open"),
    ],
)
def test_default_site_is_set_in_one_place(folder: Path, name: str, value: str) -> None:
    (folder / "likewise.toml").write_text(SITES)
    text = refusal({name: value})
    assert text == f"{name} and [sites.default] are both set. Keep one of them."


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("LIKEWISE_PORT = x", "likewise.toml is not valid TOML: Invalid value (at line 1"),
        ("LIKEWISE_PORT = 1\nLIKEWISE_PORT = 2", "likewise.toml is not valid TOML: Cannot overwr"),
        ("port = 1", "port in likewise.toml is no setting. Did you mean LIKEWISE_PORT?"),
        ("size = 1", "size in likewise.toml is no setting. There are: LIKEWISE_HOST, LIKE"),
        ('LIKEWISE_CONFIG = "x"', "LIKEWISE_CONFIG in likewise.toml is no setting."),
        ("[server]\nport = 1", "server in likewise.toml is no setting."),
        ("sites = 1", "sites are tables, as [sites.blog]."),
        (
            "[sites]\nblog = 1",
            "[sites.blog]: expected a table with url, origins, kinds, pages, languages, views.",
        ),
        ("[sites.Blog]", "[sites.Blog]: 'Blog' is no site name"),
        ("[sites.demo]", "[sites.demo]: this name is kept for the demo page."),
        (
            "[sites.a]\nkey = 1",
            "[sites.a]: 'key' is no key here; there are: url, origins, kinds, pages,",
        ),
        ("[sites.a]\nurl = 5", "[sites.a] url=5: expected a public address"),
        ('[sites.a]\nkinds = ["views"]', "[sites.a] kinds=views: 'views' is no kind"),
        ('[sites.a]\norigins = ["*"]', "[sites.a] origins=*: '*' is no origin"),
        ('[sites.a]\npages = "signed"', "Signed pages need LIKEWISE_PAGE_KEY"),
        ('[sites.a]\npages = "sitemap"', "[sites.a] pages: a sitemap is at the site's own address"),
        (
            '[sites.a]\nurl = "http://example.com"\npages = "sitemap"',
            "[sites.a] pages: http://example.com/sitemap.xml is not fetched",
        ),
        ('[sites.a]\nlanguages = ["en", "/"]', '[sites.a] languages=en,/: expected "separate"'),
        ("[sites.a]\nlanguages = true", "[sites.a] languages: expected a text or a list of texts."),
        ("[[sites]]", "sites are tables, as [sites.blog]."),
        ("a = " + "[" * 5_000, "likewise.toml is not valid TOML"),
    ],
)
def test_wrong_file_is_refused(folder: Path, content: str, expected: str) -> None:
    (folder / "likewise.toml").write_text(content)
    assert expected in refusal({})


def test_file_that_is_not_utf8_is_refused(folder: Path) -> None:
    (folder / "likewise.toml").write_bytes(b"# caf\xe9\n")
    assert refusal({}) == f"{folder}/likewise.toml is not written in UTF-8."


def test_folder_in_place_of_the_file_is_refused(folder: Path) -> None:
    (folder / "likewise.toml").mkdir()
    assert refusal({}) == f"{folder}/likewise.toml is not a file."


def test_file_that_was_named_must_be_there() -> None:
    text = refusal({"LIKEWISE_CONFIG": "/nowhere/likewise.toml"})
    assert text == "LIKEWISE_CONFIG=/nowhere/likewise.toml: there is no such file."


# Names


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("LIKEWISE_ORIGIN", "Did you mean LIKEWISE_ORIGINS?"),
        ("LIKEWISE_DB", "There are: LIKEWISE_HOST, LIKEWISE_PORT"),
        ("LIKEWISE_TRUSTED_PROXY", "Did you mean LIKEWISE_TRUSTED_PROXIES?"),
        ("LIKEWISE_ADMIN_KEY_FIEL", "Did you mean LIKEWISE_ADMIN_KEY_FILE?"),
    ],
)
def test_unknown_name_is_refused_with_a_suggestion(name: str, hint: str) -> None:
    text = refusal({name: "x"})
    assert text.startswith(f"{name} is no setting. ")
    assert hint in text


def test_unknown_site_is_refused_with_those_that_there_are(folder: Path) -> None:
    (folder / "likewise.toml").write_text(SITES)
    settings = load({}, {})
    assert settings.site("notes").name == "notes"
    with pytest.raises(StartError, match="There is no site blog; there are: default, notes"):
        settings.site("blog")


def test_secrets_are_no_flags_which_everybody_on_the_machine_sees() -> None:
    secrets = {setting.name for setting in SETTINGS if setting.is_secret}
    assert secrets == {"LIKEWISE_ADMIN_KEY", "LIKEWISE_PAGE_KEY", "LIKEWISE_SECRET"}
    assert not secrets & FLAGS.keys()


def test_a_database_named_by_a_link_is_the_one_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "volume").mkdir()
    (tmp_path / "likewise.db").symlink_to(tmp_path / "volume" / "likewise.db")
    loaded = load({"LIKEWISE_DATABASE": str(tmp_path / "likewise.db")}, {})
    assert loaded.database_path == str(tmp_path / "volume" / "likewise.db")


@pytest.mark.parametrize("name", ["loop", "loop/likewise.db"])
def test_a_link_that_leads_to_itself_is_no_database(folder: Path, name: str) -> None:
    (folder / "loop").symlink_to("loop")
    loaded = load({"LIKEWISE_DATABASE": name}, {})
    with pytest.raises(StartError) as caught:
        _ = loaded.database_path
    assert str(caught.value) == f"{name} cannot be found: Symlink loop from '{folder / name}'."


@pytest.mark.parametrize("name", ["b", "b/", "./b//c/.", ".", "link/../b", "/srv/b/", "/"])
def test_a_folder_of_backups_is_named_from_the_root_by_its_own_links(name: str) -> None:
    loaded = load({"LIKEWISE_BACKUPS": name}, {})
    assert loaded.backups_path == str(Path(name).absolute())


# Kinds


def kinds_of(folder: Path, tables: str) -> Site:
    """Return the rules of a site that counts a, b and 👏, as a file sets them."""
    text = f'LIKEWISE_KINDS = ["a", "b", "👏"]\n{tables}'
    (folder / "likewise.toml").write_text(text, encoding="utf-8")
    return load({}, {}).site("default")


def test_a_kind_without_a_table_takes_one_and_is_public(folder: Path) -> None:
    site = kinds_of(folder, "")
    assert site.rule("a") == Kind(1, "", is_private=False)
    assert site.public_kinds == ("a", "b", "👏")
    assert site.rivals("a") == ()


def test_a_table_says_how_a_kind_is_counted(folder: Path) -> None:
    site = kinds_of(
        folder,
        '[kinds."👏\ufe0f"]\nmax = 50\n'
        "[kinds.a]\nexclusive = true\n[kinds.b]\nexclusive = true\nprivate = true\n",
    )
    assert site.rule("👏").max == 50
    assert site.public_kinds == ("a", "👏")
    assert (site.rivals("a"), site.rivals("b"), site.rivals("👏")) == (("b",), ("a",), ())


def test_kinds_of_other_groups_are_no_rivals(folder: Path) -> None:
    site = kinds_of(folder, '[kinds.a]\nexclusive = "one"\n[kinds.b]\nexclusive = "two"\n')
    assert site.rivals("a") == ()


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("[kinds.like]\nmax = 2", "[kinds.like]: no site counts it"),
        ("[kinds.a]\nmax = 0", "[kinds.a] max=0: expected a number from 1 to 1000"),
        ("[kinds.a]\nmax = 1001", "[kinds.a] max=1001: expected a number from 1 to 1000"),
        ("[kinds.a]\nmax = true", "[kinds.a] max=True: expected a number"),
        ('[kinds.a]\nmax = "2"', "[kinds.a] max=2: expected a number"),
        ("[kinds.a]\nexclusive = 1", "[kinds.a] exclusive=1: expected true, false or a group"),
        ('[kinds.a]\nexclusive = " "', "[kinds.a] exclusive= : expected true, false or a group"),
        ('[kinds.a]\nprivate = "yes"', "[kinds.a] private=yes: expected true or false"),
        ("[kinds.a]\nmaximum = 2", "[kinds.a]: 'maximum' is no key here; there are: max, excl"),
        ("[kinds.views]\nmax = 2", "[kinds.views]: 'views' is no kind"),
        ("[kinds.a]\nprivate = true", "The site default lists a first, which is private: buttons"),
        ("kinds = 5", "kinds are tables, as [kinds.clap]"),
        ("[kinds]\na = 5", "[kinds.a]: expected a table with max, exclusive, private"),
        ('[kinds."👏"]\n[kinds."👏\ufe0f"]', "[kinds.👏\ufe0f] stands there twice"),
    ],
)
def test_a_wrong_table_of_a_kind_stops_the_start(folder: Path, table: str, told: str) -> None:
    text = f'LIKEWISE_KINDS = ["a", "b", "👏"]\n{table}\n'
    (folder / "likewise.toml").write_text(text, encoding="utf-8")
    assert refusal({}).startswith(told)
