"""Which origins may write to a site, and how they are compared."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.origins import LOCALHOST, Origins, host_of, origin_of


@pytest.mark.parametrize(
    ("listed", "sent"),
    [
        ("https://example.com", "https://example.com"),
        ("https://example.com/", "https://example.com"),
        ("https://example.com", "https://example.com/"),
        ("HTTPS://Example.COM", "https://example.com"),
        (" https://example.com ", "https://example.com"),
        ("https://example.com:443", "https://example.com"),
        ("http://example.com:80", "http://example.com"),
        ("https://example.com:8443", "https://example.com:8443"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("http://192.0.2.1", "http://192.0.2.1"),
        ("http://localhost:*", "http://localhost"),
        ("http://localhost:*", "http://localhost:1313"),
        ("https://*.example.com", "https://www.example.com"),
        ("https://*.example.com", "https://a.b.example.com"),
        ("https://*.example.com:*", "https://a.example.com:99"),
        ("https://b\u00fccher.example", "https://xn--bcher-kva.example"),
        ("https://B\u00dcCHER.example", "https://xn--bcher-kva.example"),
        ("https://bu\u0308cher.example", "https://xn--bcher-kva.example"),
        ("https://stra\u00dfe.example", "https://xn--strae-oqa.example"),
        (
            "https://\u043f\u0440\u0438\u043c\u0435\u0440.\u0440\u0444",
            "https://xn--e1afmkfd.xn--p1ai",
        ),
        (
            "https://\u043f\u0440\u0438\u043c\u0435\u0440.\u0440\u0444/",
            "https://xn--e1afmkfd.xn--p1ai",
        ),
        ("https://\u043f.\u0440\u0444:8443", "https://xn--o1a.xn--p1ai:8443"),
        ("https://*.b\u00fccher.example", "https://a.xn--bcher-kva.example"),
        ("https://x\u3002example", "https://x.example"),
    ],
)
def test_an_origin_is_compared_as_browsers_serialise_it(listed: str, sent: str) -> None:
    assert Origins([listed]).allow(sent)


@pytest.mark.parametrize(
    ("listed", "sent"),
    [
        ("https://example.com", "http://example.com"),
        ("https://example.com", "https://example.com:8443"),
        ("https://example.com", "https://example.com.evil.example"),
        ("https://example.com", "https://evil.example/https://example.com"),
        ("https://example.com", "https://EXAMPLE.com"),
        ("https://example.com", "https://example.com//"),
        ("https://example.com", "https://example.com\n"),
        ("https://example.com", ""),
        ("https://example.com", "null"),
        ("https://example.com", "https://example.com, https://example.com"),
        ("https://*.example.com", "https://example.com"),
        ("https://*.example.com", "https://evilexample.com"),
        ("https://*.example.com", "https://.example.com"),
        ("https://*.example.com", "https://a.example.com.evil.example"),
        ("https://*.example.com", "https://a.exampleXcom"),
        ("https://*.example.com", "https://evil.example/.example.com"),
        ("https://*.example.com", "https://a.example.com:8443"),
        ("http://localhost:*", "https://localhost:1313"),
        ("http://localhost:*", "http://localhost:1313.evil.example"),
        ("http://localhost:*", "http://localhost.evil.example:1"),
    ],
)
def test_no_other_origin_may_write(listed: str, sent: str) -> None:
    assert not Origins([listed]).allow(sent)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "*",
        "null",
        "example.com",
        "ftp://example.com",
        "https://",
        "https://*",
        "https://*.com",
        "https://*.localhost",
        "https://example.com/blog",
        "https://user@example.com",
        "https://example.com?x",
        "https://exam ple.com",
        "https://a..b",
        "https://example.com:99999",
        "https://example.com:x",
        "https://a.*.example.com",
        "[https://mxlit.com](https://mxlit.com)",
        "https://*.pages.dev",
        "https://*.github.io",
        "https://*.GITHUB.io/",
        "https://*.pages.dev.",
        "https://*.co.uk",
    ],
)
def test_what_is_no_origin_or_too_wide_is_named(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no origin|would let strangers write"):
        Origins([text])


def test_a_name_of_ones_own_under_a_shared_host_may_have_a_star() -> None:
    assert Origins(["https://*.mine.pages.dev"]).allow("https://preview.mine.pages.dev")


@given(st.text())
def test_localhost_alone_may_write_where_nothing_is_configured(origin: str) -> None:
    if LOCALHOST.allow(origin):
        assert urlsplit(origin).hostname in {"localhost", "127.0.0.1"}


def test_the_origin_of_an_address_has_no_path() -> None:
    assert origin_of("https://example.com/blog/x") == "https://example.com"
    assert origin_of("http://localhost:8000") == "http://localhost:8000"


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://example.com/blog", "example.com"),
        ("http://localhost:1313", "localhost"),
        ("https://[2001:db8::1]:8443/a:b", "2001:db8::1"),
    ],
)
def test_the_host_of_an_address_has_no_port_and_no_brackets(address: str, host: str) -> None:
    assert host_of(address) == host
