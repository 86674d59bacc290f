"""The way to the service: certificate, proxy and edge, as far as anybody can see them.

Each check asks for what it needs and says what it found; none needs the key.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from likewise.doctor.finding import Finding, fail, ok, unchecked, warn
from likewise.doctor.subject import Subject, may_take_key
from likewise.doctor.visitor import PORTS, Answer, Unreachable

SECONDS_PER_DAY = 86_400
ENDS_SOON_DAYS = 14
OFF_SECONDS, FAR_OFF_SECONDS = 60, 3_600
# OpenSSL's numbers (x509_vfy.h).
_EXPIRED, _OTHER_NAME, _NOT_YET = 10, {62, 64}, 9
_COUNTS_LIFE = "max-age=5"


def certificate(subject: Subject) -> Finding:
    """Check the certificate; without TLS, that there is none to be asked for."""
    if urlsplit(subject.url).scheme != "https":
        return _without_tls(subject)
    try:
        greeting = subject.visitor.greet(subject.url)
    except Unreachable as error:
        if error.certificate:
            return _refused_certificate(subject.url, error)
        raise
    days = int(greeting.ends - time.time()) // SECONDS_PER_DAY
    text = f"The certificate ends in {days} days ({greeting.tls}, {greeting.protocol})."
    if days < ENDS_SOON_DAYS:
        return warn("certificate", text, "Renew it, and see why that was not done by itself.")
    return ok("certificate", text)


def _without_tls(subject: Subject) -> Finding:
    if may_take_key(subject.url):
        return ok("certificate", "None is needed on this machine.")
    return fail(
        "certificate",
        f"{subject.url} is not encrypted: likes and your key can be read on their way.",
        "Let the proxy or tunnel speak https, and use that address.",
    )


def _refused_certificate(url: str, error: Unreachable) -> Finding:
    host = urlsplit(url).hostname
    if error.certificate == _EXPIRED:
        return fail("certificate", "The certificate has expired.", "Renew it.")
    if error.certificate in _OTHER_NAME:
        return fail(
            "certificate",
            f"The certificate is for another name than {host}.",
            f"Get one for {host}, and let the proxy show it.",
        )
    if error.certificate == _NOT_YET:
        return fail("certificate", "The certificate is not valid yet.", "Check both clocks.")
    return fail(
        "certificate",
        f"Browsers do not trust the certificate: {error}.",
        "Get one from a public authority such as Let's Encrypt, and serve the whole chain.",
    )


def reachable(subject: Subject) -> Finding:
    """Check that it is the service that answers at the address."""
    answer = subject.get("/healthz")
    if answer.status == 200 and answer.body == b"alive\n":
        return ok("reachable", f"The service answers at {subject.url}")
    if is_challenge(answer):
        return challenged(answer)
    if answer.leads_to is not None:
        return fail(
            "reachable",
            f"{subject.url} leads on to {answer.leads_to}",
            "Use the address where it ends: browsers follow no redirect of a preflight.",
        )
    if answer.status in {502, 503, 504}:
        return fail(
            "reachable",
            f"The proxy answers {answer.status}: it does not reach the service.",
            "Check that the service runs (`likewise health`), and where the proxy leads.",
        )
    return fail(
        "reachable",
        f"Something else answers at {subject.url} ({answer.status}).",
        "Check the address, the prefix in it, and where the proxy leads.",
    )


def redirect(subject: Subject) -> Finding | None:
    """Check that plain http leads to https; None where there is nothing to check."""
    url = urlsplit(subject.url)
    if url.scheme != "https" or url.port not in {None, PORTS["https"]}:
        return None
    plain = url._replace(scheme="http", netloc=url.netloc.removesuffix(":443")).geturl()
    try:
        answer = subject.visitor.ask(f"{plain}/healthz")
    except Unreachable as error:
        if error.is_refused:
            return ok("redirect", "Nothing answers without encryption.")
        return unchecked("redirect", f"Without encryption there is no answer: {error}.")
    if (answer.leads_to or "").startswith("https://"):
        return ok("redirect", "http:// leads to https://.")
    return warn(
        "redirect",
        f"{plain} answers without encryption.",
        "Let the proxy redirect it to https://.",
    )


def storage(subject: Subject) -> Finding:
    """Check that a like could be stored, which everybody may ask."""
    answer = subject.get("/readyz")
    if answer.status == 200:
        return ok("storage", "Likes can be stored.")
    detail = answer.json.get("detail", f"/readyz answers {answer.status}.")
    return fail("storage", str(detail), "The log of the service says why.")


def counts(subject: Subject) -> Iterator[Finding]:
    """Check an answer that every page load asks for: who may read it, how long it is kept."""
    answer = subject.get(f"/v1/counts?page=/doctor-{subject.mark}")
    if is_challenge(answer):
        yield challenged(answer)
        return
    if answer.status == 429:
        yield unchecked("challenge", "Too many requests from here.", "Try again in a minute.")
        return
    if answer.status != 200 or "counts" not in answer.json:
        yield fail(
            "challenge",
            f"Something else than the service answers /v1/counts ({answer.status}).",
            "Let the proxy or edge pass /v1/ on as it is.",
        )
        return
    yield ok("challenge", "Readers' requests reach the service.")
    yield cors(answer)
    yield _kept(answer)
    yield _cookies(answer)


def is_challenge(answer: Answer) -> bool:
    """Tell whether an edge wants the asker to prove that he is no robot, which no fetch can."""
    if "challenge" in answer.header("cf-mitigated"):
        return True
    is_html = answer.header("content-type").startswith("text/html")
    return is_html and answer.status in {403, 503}


def challenged(answer: Answer) -> Finding:
    """Return that an edge stands in the way."""
    return fail(
        "challenge",
        f"A page for people stands in place of the API's answer ({answer.status}): a challenge or"
        " block of the edge.",
        "Turn Bot Fight Mode off, or let a rule skip it for this host. A script in a page cannot"
        " solve a challenge.",
    )


def cors(answer: Answer) -> Finding:
    """Check that every page may read an answer, with one header and no more."""
    lines = answer.every("access-control-allow-origin")
    if lines == ["*"]:
        return ok("cors", "Pages of other origins can read the answers.")
    said = ", ".join(lines) or "nothing"
    return fail(
        "cors",
        f"Access-Control-Allow-Origin says {said} in place of one *: browsers hide the counts.",
        "The service sends it already: remove what the proxy or edge adds or takes away.",
    )


def _kept(answer: Answer) -> Finding:
    said = answer.header("cache-control")
    if _COUNTS_LIFE in said.replace(" ", "").split(","):
        return ok("caching", f"Counts may be kept as the service says: {said}")
    return fail(
        "caching",
        f"The edge says of counts: {said or 'nothing'}, in place of {_COUNTS_LIFE}.",
        "Let it keep the header of the origin: under Cloudflare, Browser Cache TTL is Respect"
        " Existing Headers.",
    )


def _cookies(answer: Answer) -> Finding:
    names = sorted({value.partition("=")[0] for value in answer.every("set-cookie")})
    if not names:
        return ok("cookies", "Readers get no cookie.")
    return warn(
        "cookies",
        f"The proxy or edge gives readers a cookie: {', '.join(names)}.",
        "The service sets none. Turn it off there, or tell your readers.",
    )


def compression(subject: Subject) -> Finding:
    """Check that the widget arrives packed."""
    answer = subject.get("/likes.js", {"Accept-Encoding": "gzip"})
    if answer.header("content-encoding"):
        return ok("compression", f"The widget takes {len(answer.body)} bytes.")
    return warn(
        "compression",
        "The widget arrives unpacked, twice as large.",
        "Let the proxy pass Accept-Encoding on, or pack by itself.",
    )


def clock(answer: Answer, seconds: float | None) -> Finding:
    """Compare the service's clock, else the header Date of an answer, with this machine's."""
    if seconds is None:
        try:
            seconds = parsedate_to_datetime(answer.header("date")).timestamp()
        except (TypeError, ValueError, OverflowError):
            return unchecked("clock", "The answer has no date.")
    off = seconds - (answer.sent + answer.received) / 2
    if abs(off) < OFF_SECONDS:
        return ok("clock", "The clocks agree.")
    size = f"{abs(off) / 3_600:.1f} hours" if abs(off) >= 3_600 else f"{abs(off) / 60:.0f} minutes"
    report = fail if abs(off) >= FAR_OFF_SECONDS else warn
    return report(
        "clock",
        f"The service's clock is {size} {'ahead of' if off > 0 else 'behind'} this machine's.",
        "Let both take their time from the network (NTP). Days and hours of likes go by it.",
    )
