"""The widget on a page: whether it is there, loads, may ask the service, and whom its likes meet.

Knows the tag and the API; the page is read elsewhere.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from hashlib import new
from urllib.parse import urljoin, urlsplit

from likewise.doctor.door import challenged, is_challenge
from likewise.doctor.finding import Finding, fail, ok, unchecked, warn
from likewise.doctor.page import Attributes, Page, Script
from likewise.doctor.policy import Wanted, blocking, policies
from likewise.doctor.subject import Subject, Write
from likewise.doctor.visitor import Answer, Unreachable, Visitor, origin_at
from likewise.hosts import is_this_machine
from likewise.origins import twin_of

SNIPPET = '<script async src="{url}/likes.js"></script> <like-wise></like-wise>'
_HASHES = frozenset({"sha256", "sha384", "sha512"})


def on_page(page: Page, subject: Subject) -> Iterator[Finding]:
    """Check the tag, as far as the page itself tells."""
    if page.has_old_client:
        yield warn(
            "article",
            "The article's own script is on the page.",
            "Take it out: its likes have no voter, so a reader can like again and take none back.",
        )
    if not page.scripts or not page.buttons:
        if not page.has_old_client:
            yield _missing(page, subject.url)
        return
    script = page.scripts[0]
    if script.is_rewritten:
        yield fail(
            "rocket-loader",
            "Cloudflare's Rocket Loader has rewritten the script: it cannot find its address.",
            'Add data-cfasync="false" to the script element, or turn Rocket Loader off.',
        )
        return
    yield from _loaded(page, script, subject)


def _missing(page: Page, url: str) -> Finding:
    what = "likes.js" if page.buttons else "like-wise" if page.scripts else "likes.js or like-wise"
    return fail(
        "widget",
        f"There is no {what} in the HTML of {page.address}.",
        f"Put this on the page: {SNIPPET.format(url=url)} (What a script adds is not seen here.)",
    )


def _loaded(page: Page, script: Script, subject: Subject) -> Iterator[Finding]:
    mixed = _mixed(page, script)
    if mixed is not None:
        yield mixed
        return
    yield ok("mixed-content", "The page loads nothing of ours without encryption.")
    yield _policy(page, script)
    yield _module(page, script, subject)
    yield _integrity(script, subject)


def _mixed(page: Page, script: Script) -> Finding | None:
    if urlsplit(page.address).scheme != "https":
        return None
    wanted = [script.address, *map(page.api, page.buttons)]
    plain = [address for address in wanted if _is_plain(address)]
    if not plain:
        return None
    return fail(
        "mixed-content",
        f"The page has https and the widget {plain[0]} has not: browsers block it.",
        "Write https:// in the tag.",
    )


def _is_plain(address: str) -> bool:
    url = urlsplit(address)
    return url.scheme == "http" and not is_this_machine(url.hostname or "")


def _policy(page: Page, script: Script) -> Finding:
    known = policies(page.policies)
    attributes = script.attributes
    wanted = Wanted(script.address, attributes.get("nonce", ""), attributes.get("integrity", ""))
    origin = origin_at(script.address)
    by = blocking(known, "script-src-elem", wanted, page.address)
    if by is not None:
        return fail(
            "policy",
            f"The page's policy keeps the widget out: {by}",
            f"Add {origin} to script-src.",
        )
    for api in map(page.api, page.buttons):
        by = blocking(known, "connect-src", Wanted(urljoin(api, "v1/counts")), page.address)
        if by is not None:
            return fail(
                "policy",
                f"The page's policy keeps the widget from asking the service: {by}",
                f"Add {origin_at(api)} to connect-src.",
            )
    return ok("policy", "The page's policy lets the widget in." if known else "The page has none.")


def _module(page: Page, script: Script, subject: Subject) -> Finding:
    if script.attributes.get("type", "").lower() == "module" and any(
        "api" not in button for button in page.buttons
    ):
        return fail(
            "widget",
            "The script is loaded as a module, and so cannot find its address.",
            'Take type="module" away.',
        )
    strange = next((api for api in map(page.api, page.buttons) if api != subject.url + "/"), None)
    if strange is not None:
        return warn(
            "widget",
            f"The widget asks {strange} and not {subject.url}/",
            "Check the address in the tag, or let likewise doctor examine that one.",
        )
    return ok("widget", f"The widget is on the page, from {script.address}")


def _integrity(script: Script, subject: Subject) -> Finding:
    """Check that the script is there, and is what the page expects."""
    answer = subject.visitor.ask(script.address)
    if is_challenge(answer):
        return challenged(answer)
    if answer.status != 200:
        return fail(
            "integrity",
            f"{script.address} is not there ({answer.status}).",
            "Build the page anew: /v1/widget names the widget of this release.",
        )
    wanted = script.attributes.get("integrity", "")
    if wanted and not _fits(wanted, answer.body):
        return fail(
            "integrity",
            "The widget is not the one that the page's integrity names: browsers refuse it.",
            f"Set what /v1/widget says: {subject.get('/v1/widget').json.get('integrity', '')}",
        )
    if script.hash and not str(subject.get("/v1/widget").json.get("src", "")).endswith(
        urlsplit(script.address).path.rpartition("/")[2]
    ):
        return ok("integrity", "The widget is of an older release, and works.")
    if wanted and not script.hash:
        return warn(
            "integrity",
            "The page names the integrity of likes.js, which changes with every release.",
            "Take the address with the hash from /v1/widget, or leave integrity out.",
        )
    return ok("integrity", "The widget is what the page expects.")


def _fits(integrity: str, content: bytes) -> bool:
    """Tell whether content has one of the hashes that are named (W3C SRI); unknown ones count."""
    named = [word.partition("?")[0].partition("-") for word in integrity.split()]
    known = [(name, digest) for name, _, digest in named if name in _HASHES]
    return not known or any(
        b64encode(new(name, content).digest()).decode() == digest for name, digest in known
    )


def writing(page: Page, button: Attributes, subject: Subject) -> Iterator[Finding]:
    """Check what a click would meet: the page's origin, its twin's, its site, kind and proof."""
    origin = origin_at(page.address)
    path, site = page.path(button), button.get("site") or None
    line = None
    if subject.key is not None:
        _, told = subject.report(page=path, site=site, sig=button.get("sig"), origin=origin)
        if told is not None and told.page is not None:
            line = told.page.line
            yield _counted(told.page.page, told.page.refusal, is_blocked=told.page.is_blocked)
    wish = Write(path, site, button.get("kind", "").split(" ")[0] or None)
    finding = _may_write(subject, wish, origin, line)
    yield finding
    if finding.state == "ok":
        yield from _twin(page, subject, wish)


def _counted(page: str, refusal: str | None, *, is_blocked: bool) -> Finding:
    if is_blocked:
        return warn("counted", f"{page} takes no more likes: it is blocked.", "Unblock it.")
    if refusal is not None:
        return fail(
            "counted",
            f"{page} takes no likes: {refusal}",
            "Build the site with the key in LIKEWISE_PAGE_KEY, or name the page in the sitemap.",
        )
    return ok("counted", f"The page counts as {page}")


def _may_write(subject: Subject, wish: Write, origin: str, line: str | None) -> Finding:
    answer = subject.write(wish, origin)
    told = answer.json
    if answer.status == 200 and told.get("on") is False:
        if answer.every("access-control-allow-origin") == ["*"]:
            return ok("origin", f"Pages of {origin} may write.")
        return fail(
            "cors",
            "The answer to a like lacks Access-Control-Allow-Origin: *, so that it seems to fail.",
            "Let the proxy or edge pass the service's headers on as they are.",
        )
    if is_challenge(answer):
        return challenged(answer)
    return _not_taken(answer, origin, line)


def _not_taken(answer: Answer, origin: str, line: str | None) -> Finding:
    told = answer.json
    detail = str(told.get("detail", f"The answer is {answer.status}."))
    if told.get("code") == "origin_refused":
        return fail(
            "origin", f"Pages of {origin} may not write.", f"Set {line}" if line else detail
        )
    if answer.status == 429:
        return unchecked("origin", detail, "Try again in a minute.")
    if told.get("code") in {"unknown_site", "unknown_kind", "bad_page"}:
        return fail("counted", detail, "Mend the attributes of the tag.")
    return fail("origin", f"A like from {origin} is not taken: {detail}", "The log may say why.")


def _twin(page: Page, subject: Subject, wish: Write) -> Iterator[Finding]:
    """Check the same page with `www.` or without, where readers reach it at both."""
    origin = origin_at(page.address)
    twin = twin_origin(subject.visitor, page.address)
    if twin is None:
        yield ok("twin", "The page has one address, with www. or without.")
        return
    finding = _may_write(subject, wish, twin, None)
    if finding.state == "ok":
        yield ok("twin", f"Pages of {twin} may write too.")
    elif finding.check == "origin":
        yield fail(
            "twin",
            f"Readers reach the page at {twin} too, and cannot like it there.",
            f"Redirect {twin} to {origin}, or allow it: {finding.advice}",
        )


def twin_origin(visitor: Visitor, address: str) -> str | None:
    """Return the other origin where the page is served too, with `www.` or without; else None."""
    origin = origin_at(address)
    twin = twin_of(origin)
    if twin is None:
        return None
    try:
        answer = visitor.follow(twin + address.removeprefix(origin))
        there = origin_at(answer.address)
    except (Unreachable, ValueError):
        return None
    return there if answer.status == 200 and there == twin else None
