"""A like without script: a plain HTML form, answered with the way back, or with a page that says
why not. Knows HTML; must not know how a like is counted.
"""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from likewise.errors import CODES, Problem
from likewise.http.message import Request, Response, header_block
from likewise.pages import canonical
from likewise.sites import address_on
from likewise.voters import checked_voter, new_voter
from likewise.web.answers import NO_STORE, PUBLIC, AnsweredProblem
from likewise.web.likes import Likes, wish_of
from likewise.web.parameters import Query

_TEXTS = ("page", "site", "kind", "sig", "voter")
_MAX_NUMBER = 10**9  # of any kind: its own most is asked for later
_SWITCH = {"on": True, "true": True, "1": True, "off": False, "false": False, "0": False}

_STYLE = (
    ":root{font:1.125rem/1.5 system-ui,sans-serif;background:#fff;color:#1b1b1f}a{color:#a3154d}"
    "@media(prefers-color-scheme:dark){:root{background:#16161a;color:#ececf1}a{color:#ff8fb3}}"
    "main{max-width:34rem;margin:10vh auto;padding:0 1rem;overflow-wrap:anywhere}"
)
_STYLE_HASH = b2a_base64(sha256(_STYLE.encode()).digest(), newline=False).decode()
_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'"
)
_HTML = (
    PUBLIC
    + NO_STORE
    + header_block(
        ("content-type", "text/html; charset=utf-8"),
        ("content-security-policy", _POLICY),
        ("referrer-policy", "no-referrer"),
    )
)
_OF_HIDDEN_ORIGIN = (
    "If this is your site: its Referrer-Policy is no-referrer or same-origin, or the page is in a"
    " sandbox. With strict-origin-when-cross-origin, which is what browsers do by themselves, the"
    " form works."
)
_HIDDEN_ORIGIN = (
    "Your browser was told not to say which page the like comes from, so it cannot be counted.",
    "The page's own like button works, if you let its script run.",
    _OF_HIDDEN_ORIGIN,
)


async def like_by_form(likes: Likes, request: Request) -> Response:
    """Give a like as a form states it, and lead back to the page (303, RFC 9110 15.4.4).

    Raises `AnsweredProblem`.
    """
    back: str | None = None
    try:
        fields = _fields(request.body)
        site = likes.writable_site(request, fields)
        back = address_on(_origin(request), "/")
        page = _page(fields)
        # With its language, where a site has one count for all: there the reader was.
        back = address_on(_origin(request), canonical(page))
        answer = likes.stand(
            request,
            wish_of(site, page, site.kind(fields.get("kind")), _voter(fields), fields),
            likes.proof(site, page, fields),
            lambda _, _now: Response(303, PUBLIC + NO_STORE + header_block(("location", back))),
        )
        return answer if isinstance(answer, Response) else await answer
    except Problem as problem:
        raise AnsweredProblem(problem, _refusal(problem, request, back)) from None


def _fields(body: bytes) -> Mapping[str, Any]:
    """Return what a form says as JSON would say it. A field that is left empty is not there.

    Raises `bad_request`.
    """
    form = Query(body)
    fields: dict[str, Any] = {name: text for name in _TEXTS if (text := form.one(name))}
    if (reason := form.one("reason")) is not None:  # where it is empty, there is none any more
        fields["reason"] = reason
    if form.one("n"):
        fields["n"] = form.number("n", 1, _MAX_NUMBER)
    if switch := form.one("on"):
        if switch not in _SWITCH:
            raise Problem("bad_request", "The field on is one of: " + ", ".join(_SWITCH) + ".")
        fields["on"] = _SWITCH[switch]
    return fields


def _page(fields: Mapping[str, Any]) -> str:
    if "page" not in fields:
        raise Problem("bad_request", "The form does not say which page it is for.")
    return str(fields["page"])


def _voter(fields: Mapping[str, Any]) -> str:
    """Return the voter. Without script there is none to keep, and every form is a new one."""
    voter = fields.get("voter")
    return new_voter() if voter is None else checked_voter(voter)


def _origin(request: Request) -> str:
    """Return the origin of a request that may write: so it has one, and nothing but an origin."""
    return (request.header(b"origin") or "").removesuffix("/")


def _refusal(problem: Problem, request: Request, back: str | None) -> Response:
    """Return a page that says why a like is not counted, and leads back where that is known."""
    is_unsure = problem.code == "storage_unavailable"
    title = "Your like could not be confirmed" if is_unsure else "Your like was not counted"
    is_hidden = problem.code == "origin_refused" and request.header(b"origin") == "null"
    texts = _HIDDEN_ORIGIN if is_hidden else (problem.detail,)
    paragraphs = "".join(f"<p>{_escaped(text)}</p>" for text in texts)
    way = "Your browser's Back button leads to the page."
    if back is not None:
        way = f'<a href="{_escaped(back)}">Back to the page</a>'
    body = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>{title}</h1>{paragraphs}<p>{way}</p></main></body></html>"
    )
    headers = _HTML
    if problem.retry_after_seconds is not None:
        headers += header_block(("retry-after", str(problem.retry_after_seconds)))
    return Response(CODES[problem.code].status, headers, body.encode())


def _escaped(text: str) -> str:
    """Return text as it stands in HTML, also within an attribute's quotes."""
    for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(sign, entity)
    return text
