"""Whom the service believes, asked through its public address with the key.

Sends forged forwarding headers, and looks what the service took the reader's address for.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from likewise.doctor.finding import Finding, fail, ok, unchecked, warn
from likewise.doctor.reader import reader
from likewise.doctor.subject import Subject
from likewise.doctor.told import Report
from likewise.hosts import host_in

# Addresses that nobody has (RFC 5737, RFC 3849), one for each header.
FORGED = {
    "X-Forwarded-For": ("192.0.2.1", "192.0.2.1"),
    "X-Real-IP": ("192.0.2.2", "192.0.2.2"),
    "CF-Connecting-IP": ("192.0.2.3", "192.0.2.3"),
    "True-Client-IP": ("192.0.2.4", "192.0.2.4"),
    "Forwarded": ('for="[2001:db8::5]"', "2001:db8::5"),
}


def seen(subject: Subject, told: Report) -> Iterator[Finding]:
    """Check how a request looked when it reached the service."""
    yield _url(subject.url, told.url)
    yield _host(subject.owner_url, told.host)
    yield reader(told.seen)


def _url(url: str, said: str | None) -> Finding:
    if said == url:
        return ok("url", f"LIKEWISE_URL is {url}")
    return warn(
        "url",
        f"LIKEWISE_URL is {said or 'not set'}. Signing in to the dashboard needs it.",
        f"Set LIKEWISE_URL={url}",
    )


def _host(url: str, host: str) -> Finding:
    if host_in(host) == (urlsplit(url).hostname or ""):
        return ok("host", "The proxy passes Host on.")
    return warn(
        "host",
        f"The proxy does not pass Host on: the service was asked for {host}.",
        "Let it send the reader's Host, in nginx: proxy_set_header Host $host;",
    )


def forgery(subject: Subject, told: Report) -> Finding:
    """Check that nobody can choose his own address."""
    # Where any address is trusted this one is, and that is what is to be found.
    if told.is_proxy and not told.failed("trust"):
        return unchecked(
            "forgery",
            f"This machine, {told.seen.address}, is a trusted proxy itself.",
            "Run it from another machine, such as your laptop.",
        )
    believed = [name for name in FORGED if _is_believed(subject, name)]
    if not believed:
        return ok("forgery", f"Forged addresses are not believed ({', '.join(FORGED)}).")
    return fail(
        "forgery",
        f"The service believes an address that anybody can write into {' and '.join(believed)}:"
        " limits do not hold.",
        "Name your proxy alone in LIKEWISE_TRUSTED_PROXIES. Let it append to X-Forwarded-For, and"
        " name a header in LIKEWISE_CLIENT_HEADER only if it overwrites that.",
    )


def _is_believed(subject: Subject, name: str) -> bool:
    header, address = FORGED[name]
    _, told = subject.report({name: header})
    # An edge may refuse the forged header itself; then nothing is believed.
    return told is not None and told.seen.address == address
