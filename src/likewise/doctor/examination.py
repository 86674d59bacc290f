"""The whole examination, in order: the service, the way to it, and a page with the button.

Puts the checks together; each of them says itself what is wrong.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from likewise.doctor import caching, door, trust
from likewise.doctor.finding import CHECKS, FAIL, Finding, fail, ok, unchecked, warn
from likewise.doctor.page import Page, read_page
from likewise.doctor.rate import rate
from likewise.doctor.subject import Subject, may_take_key
from likewise.doctor.told import Report
from likewise.doctor.visitor import Answer, Unreachable, Visitor
from likewise.doctor.widget import on_page, writing

_WITH_KEY = "Set LIKEWISE_ADMIN_KEY, or LIKEWISE_ADMIN_KEY_FILE to a file that holds the key."


class Wanted(NamedTuple):
    """What shall be examined. `key` is the owner's, `own` what the service told on its machine;
    `owner_url` is where the owner's part is, if not at `url`.
    """

    url: str | None
    page: str | None
    key: str | None
    own: tuple[Finding, ...] = ()
    tries_rate: bool = False
    owner_url: str | None = None


def examine(
    wanted: Wanted, visitor: Visitor, sleep: Callable[[float], None] = time.sleep
) -> list[Finding]:
    """Return all findings, in the order of `CHECKS`."""
    found = list(wanted.own)
    page, trouble = _page(wanted, visitor)
    found += trouble
    url, key, owner_url = wanted.url, wanted.key, wanted.owner_url
    if url is None and page is not None and page.scripts:
        url, key, owner_url = (
            page.scripts[0].home.rstrip("/"),
            None,
            None,
        )  # a page does not say where a key goes
    if url is None:
        found.append(_without_address())
        return _sorted(found)
    subject = Subject(visitor, url, key, owner_url)
    is_there = False
    for finding in _address(subject, wanted, sleep):
        found.append(finding)
        is_there |= finding.check == "reachable" and finding.state == "ok"
    if page is not None:
        found += _button(page, subject) if is_there else [_page_later()]
    if is_there:
        found.append(_rate(subject, wanted))  # last: its rule may hold us off for a while
    return _sorted(found)


def _without_address() -> Finding:
    return unchecked(
        "reachable",
        "The way to the service was not examined.",
        "Name its public address: likewise doctor https://likes.example.com, or set LIKEWISE_URL.",
    )


def _page_later() -> Finding:
    return unchecked("widget", "The button was not tried.", "Mend the way to the service first.")


def _address(subject: Subject, wanted: Wanted, sleep: Callable[[float], None]) -> Iterator[Finding]:
    """Check the way to the service. What cannot be reached is told, and ends it."""
    try:
        certificate = door.certificate(subject)
        yield certificate
        if certificate.state == FAIL and urlsplit(subject.url).scheme == "https":
            return
        reachable = door.reachable(subject)
        yield reachable
        if reachable.state == FAIL:
            return
        yield from _open(subject)
        yield from _with_key(subject, wanted, sleep)
    except Unreachable as error:
        yield fail(
            "reachable",
            f"{subject.url} does not answer: {error}.",
            "Check the name, the firewall, the proxy, and that the service runs.",
        )


def _open(subject: Subject) -> Iterator[Finding]:
    """Check what anybody can see."""
    redirect = door.redirect(subject)
    if redirect is not None:
        yield redirect
    yield from door.counts(subject)
    yield door.compression(subject)
    posts = caching.posts(subject)
    if posts.state == FAIL:
        yield posts


def _with_key(
    subject: Subject, wanted: Wanted, sleep: Callable[[float], None]
) -> Iterator[Finding]:
    """Check what the service tells its owner, through the same address."""
    if subject.key is None:
        yield door.clock(subject.get("/healthz"), None)
        if not wanted.own:
            yield door.storage(subject)
        yield _no_key(wanted, subject.owner_url)
        return
    answer, told = subject.report()
    if told is None:
        subject.key = None  # wrong ones are counted, and not sent again
        yield door.clock(answer, None)
        yield _refused_key(answer)
        return
    yield ok("key", "The service knows the key.")
    if not wanted.own:
        yield from (one for one in told.findings if one.check != "reader")
    yield door.clock(answer, told.time)
    yield from _told(subject, told, sleep)


def _told(subject: Subject, told: Report, sleep: Callable[[float], None]) -> Iterator[Finding]:
    asked = caching.CountsAsked(subject, sleep)
    yield from trust.seen(subject, told)
    yield trust.forgery(subject, told)
    yield caching.errors(subject)
    yield caching.private(subject)
    yield asked.again()


def _no_key(wanted: Wanted, url: str) -> Finding:
    if wanted.key is not None and not may_take_key(url):
        return unchecked(
            "key", "The key is not sent without encryption.", "Use the https:// address."
        )
    return unchecked(
        "key",
        "Without the key it is not told what the service says of itself, whom it believes, and"
        " what caches keep.",
        _WITH_KEY,
    )


def _refused_key(answer: Answer) -> Finding:
    if answer.status == 401:
        return fail("key", "This is not the service's admin key.", _WITH_KEY)
    if answer.status == 404:
        return fail(
            "key",
            f"The owner's part is not there: {answer.address.partition('?')[0]}",
            "With LIKEWISE_ADMIN_HOST it is at that host alone: name it with --admin-host.",
        )
    return fail(
        "key",
        f"The service does not tell about itself ({answer.status}).",
        "Let the proxy or edge pass /api/ on as it is.",
    )


def _page(wanted: Wanted, visitor: Visitor) -> tuple[Page | None, list[Finding]]:
    """Fetch the page, if one was named."""
    if wanted.page is None:
        missing = "The button on a page was not examined."
        return None, [unchecked("page", missing, "--page https://example.com/a-post/ does it.")]
    try:
        answer = visitor.follow(wanted.page)
    except Unreachable as error:
        text = f"{wanted.page} cannot be fetched: {error}."
        return None, [fail("page", text, "Check the address.")]
    if answer.status != 200 or "html" not in answer.header("content-type"):
        text = f"{answer.address} is no page: {answer.status} {answer.header('content-type')}."
        return None, [fail("page", text, "Name a page with the button on it.")]
    return read_page(answer), [ok("page", f"The page is {answer.address}")]


def _button(page: Page, subject: Subject) -> list[Finding]:
    """Check the button; one that does not load is not tried."""
    found: list[Finding] = []
    try:
        found += on_page(page, subject)
        if page.buttons and not any(one.state == FAIL for one in found):
            for finding in writing(page, page.buttons[0], subject):
                found.append(finding)
    except Unreachable as error:
        found.append(fail("widget", f"The widget is not reached: {error}.", "Check its address."))
    return found


def _rate(subject: Subject, wanted: Wanted) -> Finding:
    if not wanted.tries_rate:
        return unchecked("rate", "The edge's rate rule was not tried.", "--rate tries it.")
    try:
        return rate(subject)
    except Unreachable as error:
        return warn(
            "rate", f"A burst of requests is not answered: {error}.", "See the proxy's log."
        )


def _sorted(found: Iterable[Finding]) -> list[Finding]:
    """Put findings in order, one for each check: the worst of them."""
    order, states = list(CHECKS), ("fail", "warn", "ok", "unchecked")
    kept: dict[str, Finding] = {}
    for one in found:
        before = kept.get(one.check)
        if before is None or states.index(one.state) < states.index(before.state):
            kept[one.check] = one
    if kept.get("reader", ok("", "")).state == FAIL:
        kept.pop("proxy", None)  # the same, seen on another request
    return sorted(kept.values(), key=lambda one: order.index(one.check))
