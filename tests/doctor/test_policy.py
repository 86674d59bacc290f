"""Content Security Policies, decided as browsers decide them."""

from __future__ import annotations

import pytest

from likewise.doctor.policy import Wanted, blocking, policies

PAGE = "https://blog.example/post/"
SCRIPT = "https://likes.example/likes.js"
API = "https://likes.example/v1/counts"


@pytest.mark.parametrize(
    "policy",
    [
        "",
        "img-src 'none'",
        "script-src *",
        "script-src https:",
        "script-src http:",
        "script-src likes.example",
        "script-src LIKES.example",
        "script-src https://likes.example",
        "script-src http://likes.example",
        "script-src https://likes.example:443",
        "script-src likes.example:*",
        "script-src *.example",
        "script-src https://*.example/likes.js",
        "script-src likes.example/likes.js",
        "default-src 'none'; script-src likes.example",
        "script-src 'none'; script-src-elem likes.example",
        "script-src 'nonce-abc'",
        "script-src 'strict-dynamic' 'nonce-abc'",
        "script-src 'sha384-xyz'",
        "SCRIPT-SRC likes.example",
        "script-src likes.example; script-src 'none'",
        "script-src 'self' https:, script-src likes.example",
    ],
)
def test_script_that_a_policy_allows(policy: str) -> None:
    wanted = Wanted(SCRIPT, nonce="abc", integrity="sha384-xyz")
    assert blocking(policies([policy]), "script-src-elem", wanted, PAGE) is None


@pytest.mark.parametrize(
    ("policy", "by"),
    [
        ("default-src 'self'", "default-src 'self'"),
        ("default-src 'none'", "default-src 'none'"),
        ("script-src", "script-src"),
        ("script-src 'none'", "script-src 'none'"),
        ("script-src 'self' 'unsafe-inline'", "script-src 'self' 'unsafe-inline'"),
        ("script-src *.likes.example", "script-src *.likes.example"),
        ("script-src likes.example:8443", "script-src likes.example:8443"),
        ("script-src likes.example/other/", "script-src likes.example/other/"),
        ("script-src likes.example/like", "script-src likes.example/like"),
        ("script-src wss:", "script-src wss:"),
        ("script-src 'nonce-other'", "script-src 'nonce-other'"),
        (
            "script-src 'strict-dynamic' https: 'nonce-other'",
            "script-src 'strict-dynamic' https: 'nonce-other'",
        ),
        ("script-src *; script-src-elem 'self'", "script-src-elem 'self'"),
        ("script-src likes.example, script-src 'self'", "script-src 'self'"),
        ("script-src (", "script-src ("),
    ],
)
def test_script_that_a_policy_keeps_out(policy: str, by: str) -> None:
    wanted = Wanted(SCRIPT, nonce="abc")
    assert blocking(policies([policy]), "script-src-elem", wanted, PAGE) == by


def test_request_falls_back_to_default_and_not_to_scripts() -> None:
    wanted = Wanted(API, nonce="abc")
    known = policies(["script-src 'none'"])
    assert blocking(known, "connect-src", wanted, PAGE) is None
    known = policies(["default-src 'nonce-abc'"])
    assert blocking(known, "connect-src", wanted, PAGE) == "default-src 'nonce-abc'"
    known = policies(["default-src 'none'; connect-src https://likes.example/v1/"])
    assert blocking(known, "connect-src", wanted, PAGE) is None


@pytest.mark.parametrize(
    ("page", "address", "is_allowed"),
    [
        ("https://a.example/x", "https://a.example/likes.js", True),
        ("http://a.example/x", "https://a.example/likes.js", True),
        ("https://a.example/x", "http://a.example/likes.js", False),
        ("https://a.example/x", "https://a.example:8443/likes.js", False),
        ("http://a.example:8080/x", "http://a.example:8080/likes.js", True),
        ("https://a.example/x", "https://b.example/likes.js", False),
    ],
)
def test_self_is_the_pages_own_origin(page: str, address: str, *, is_allowed: bool) -> None:
    by = blocking(policies(["default-src 'self'"]), "connect-src", Wanted(address), page)
    assert (by is None) == is_allowed


def test_host_without_a_scheme_has_that_of_the_page() -> None:
    known, plain = policies(["connect-src likes.example"]), "http://likes.example/v1/counts"
    assert blocking(known, "connect-src", Wanted(plain), "http://blog.example/") is None
    assert blocking(known, "connect-src", Wanted(plain), "https://blog.example/") is not None


def test_endless_policies_are_not_all_read() -> None:
    assert len(policies(["default-src 'none'," * 10_000])) <= 20
