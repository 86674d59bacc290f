"""What the service tells about itself: its database, its settings, and what came since the start.

Plain rules over what is given; knows neither sockets nor SQL. `serve` loads it when it is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from likewise import sites
from likewise.addresses import Range
from likewise.doctor.finding import Finding, fail, ok, unchecked, warn
from likewise.origins import twin_of
from likewise.settings import Settings
from likewise.sites import Site
from likewise.store import Condition

MIB = 1 << 20
# Of a large disk a tenth is plenty, of a small one little: the bound lies in between.
LEAST_FREE_BYTES, ENOUGH_FREE_BYTES = 200 * MIB, 1_024 * MIB
NO_FREE_BYTES = 16 * MIB  # as much as the WAL may need before it is emptied
LARGE_WAL_BYTES = 64 * MIB
TELLING_LIKES = 20  # with fewer it may be the owner, who tries the button


class Refused(NamedTuple):
    """An origin that wanted to write to a site and might not, and how often."""

    site: str
    origin: str
    times: int


class Disbelieved(NamedTuple):
    """The peer whose forwarding header was not believed, and the line to set if it is a proxy."""

    peer: str
    is_near: bool
    line: str


class Traffic(NamedTuple):
    """What came since the start; `networks` is how many have read, None where none are counted."""

    likes: int
    networks: int | None
    refused: Sequence[Refused]
    disbelieved: Disbelieved | None


def storage(*, is_ready: bool) -> Finding:
    """Check that a like could be stored now."""
    if is_ready:
        return ok("storage", "Likes can be stored.")
    return fail(
        "storage",
        "Likes cannot be stored just now.",
        "The log of the service says why: mostly the disk is full or cannot be written.",
    )


def of_database(condition: Condition) -> Iterator[Finding]:
    """Check the database and its disk."""
    if condition.damage is not None:
        yield fail(
            "database",
            f"The database is damaged: {condition.damage}.",
            "Stop the service, restore a backup with `likewise restore FILE`, and check the disk.",
        )
    elif condition.looked is None:
        yield unchecked(
            "database", "The database is still being looked through.", "Ask again in a minute."
        )
    else:
        yield ok("database", f"The database is whole ({_size(condition.database_bytes)}).")
    yield _disk(condition)
    yield _wal(condition)
    yield ok("sqlite", f"SQLite {condition.sqlite_version}.")


def _disk(condition: Condition) -> Finding:
    free, least = condition.free_bytes, max(LEAST_FREE_BYTES, condition.disk_bytes // 10)
    text = f"{_size(free)} of {_size(condition.disk_bytes)} are free on the disk of the database."
    advice = "Make room. When none is left, no like can be stored."
    if free < NO_FREE_BYTES:
        return fail("disk", text, advice)
    return warn("disk", text, advice) if free < min(least, ENOUGH_FREE_BYTES) else ok("disk", text)


def _wal(condition: Condition) -> Finding:
    text = f"The write-ahead log has {_size(condition.wal_bytes)}."
    if condition.wal_bytes <= LARGE_WAL_BYTES:
        return ok("wal", text)
    return warn(
        "wal",
        text,
        "Something reads the file without an end, and so keeps the log from being emptied. End"
        " programs that have the database open; a restart of the service empties it.",
    )


def of_settings(settings: Settings) -> Iterator[Finding]:
    """Check the settings, for what is allowed and seldom meant."""
    if settings.has_sites:
        listed = ", ".join(site.name for site in settings.sites if not site.is_local)
        yield ok("origins", f"Sites that may write: {listed}.")
    else:
        yield warn(
            "origins",
            "No web site may write but pages on localhost.",
            "Set LIKEWISE_ORIGINS=https://your.site to the address of yours.",
        )
    if settings.limits is None:
        yield warn(
            "limits",
            "The limits are off: a script can like as often as it wants.",
            "Remove LIKEWISE_LIMITS=off.",
        )
    else:
        yield ok("limits", "The limits are on.")
    yield _trust(settings.trusted_proxies.ranges)


def _trust(ranges: Iterable[Range]) -> Finding:
    if any(not range_.bits for range_ in ranges):
        return fail(
            "trust",
            "Every address counts as a trusted proxy, so anybody can say where a reader is.",
            "Set LIKEWISE_TRUSTED_PROXIES to the address of your proxy alone.",
        )
    return ok("trust", "Forwarding headers are believed from named proxies only.")


def of_traffic(traffic: Traffic, served: Mapping[str, Site]) -> Iterator[Finding]:
    """Check what came since the start for what a wrong set-up leaves there."""
    yield _refused(traffic.refused, served)
    yield _proxy(traffic.disbelieved)
    yield _readers(traffic)


def _refused(refused: Iterable[Refused], served: Mapping[str, Site]) -> Finding:
    for one in refused:
        site = served.get(one.site)
        if site is not None and _seems_own(one.origin, site):
            return warn(
                "refused",
                f"Pages of {one.origin} wanted to write to the site {one.site} {one.times} times.",
                f"If it is yours, set {sites.origins_line(site, one.origin)}",
            )
    return ok("refused", "No page that seems to be yours was refused.")


def _seems_own(origin: str, site: Site) -> bool:
    """Tell whether an origin is the other spelling of one that may write: with `www.` or without,
    with https or without. All others may be anybody's.
    """
    return any(
        _without_scheme(origin) == _without_scheme(known)
        for listed in site.origins.exact
        for known in (listed, twin_of(listed))
        if known is not None
    )


def _without_scheme(origin: str) -> str:
    return origin.partition("://")[2]


def _proxy(disbelieved: Disbelieved | None) -> Finding:
    if disbelieved is None:
        return ok("proxy", "Every forwarding header came from a trusted proxy.")
    text = f"A forwarding header from {disbelieved.peer} was not believed."
    if disbelieved.is_near:
        return warn("proxy", text, f"If that is your proxy, set {disbelieved.line}")
    # Any reader can send one to a service without a proxy, and bring this about.
    return unchecked(
        "proxy",
        text,
        "A reader may have sent it, or a proxy that is not named. `likewise doctor` with the"
        " public address tells which.",
    )


def _readers(traffic: Traffic) -> Finding:
    networks, likes = traffic.networks, traffic.likes
    if networks is None:
        advice = "They are told apart by what they read, and where LIKEWISE_LIMITS is not off."
        return unchecked("readers", "Nothing tells readers apart yet.", advice)
    if likes < TELLING_LIKES:
        return unchecked("readers", "Too few likes came since the start to tell readers apart.")
    if networks > 1:
        return ok("readers", "Readers come from networks of their own.")
    where = "one network" if networks else "readers whose network is not known"
    return warn(
        "readers",
        f"All {likes} likes since the start came from {where}.",
        "Unless they were all yours, the proxy's address is taken for every reader's: let it send"
        " X-Forwarded-For, and name it in LIKEWISE_TRUSTED_PROXIES.",
    )


def _size(size_bytes: int) -> str:
    if size_bytes >= 1_024 * MIB:
        return f"{size_bytes / MIB / 1_024:.1f} GiB"
    if size_bytes < MIB:
        return f"{size_bytes / 1_024:.0f} KiB"
    return f"{size_bytes / MIB:.1f} MiB"
