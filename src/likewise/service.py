"""The composition root: builds the service from its settings, and takes it down again.

The only place where the parts are put together; knows neither doors nor signals.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from likewise import sites, telemetry
from likewise.addresses import Proxies
from likewise.limiter import Limiter
from likewise.metrics import Metrics
from likewise.settings import Settings
from likewise.store.file import Lock, write_private
from likewise.store.opening import open_store
from likewise.store.sqlite import SqliteStore
from likewise.watch import Watch
from likewise.web.access_log import AccessLog
from likewise.web.admin import Admin
from likewise.web.app import App, Health
from likewise.web.assets import Files
from likewise.web.badge import Badge
from likewise.web.disbelief import Disbelief
from likewise.web.doctor import Doctor, Signs
from likewise.web.gate import Gate, Refresher
from likewise.web.host import AdminHost
from likewise.web.likes import Likes
from likewise.web.origins import RefusedOrigins
from likewise.web.parts import LatePart
from likewise.web.popular import Popular
from likewise.web.public import Public
from likewise.web.routes import Router
from likewise.web.sessions import Keys, Sessions, digest_of, new_token
from likewise.web.visitors import Visitors

if TYPE_CHECKING:
    from likewise.readers import Readers
    from likewise.web.corrections import Corrections
    from likewise.web.figures import Figures
    from likewise.web.reasons import Reasons
    from likewise.web.views import Views

KEY_FILE = "admin-key"
UPKEEP_SECONDS = 3_600
FIRST_UPKEEP_SECONDS = 60  # also where a service lives for minutes only

_log = logging.getLogger("likewise")


class Service(NamedTuple):
    """A running service, behind whichever door."""

    app: App | AccessLog
    store: SqliteStore
    proxies: Proxies
    metrics: Metrics
    lock: Lock
    local_key: str


@contextlib.asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Service]:
    """Build the service, and take it down at the end. Raises `StartError`."""
    lock = Lock(settings.database_path)
    try:
        lock.tell()
        store = open_store(settings.database_path, settings.secret, create=True)
        try:
            async with contextlib.AsyncExitStack() as stack:
                yield await _service(settings, store, lock, stack)
        finally:
            await store.close()
    finally:
        lock.release()


async def _service(
    settings: Settings, store: SqliteStore, lock: Lock, stack: contextlib.AsyncExitStack
) -> Service:
    metrics, refused_origins = Metrics(), RefusedOrigins()
    _schedule_backups(settings, metrics, stack)
    served = _served(settings)
    disbelief = Disbelief()
    proxies = _proxies(settings, disbelief)
    limiter = Limiter(settings.limits, monotonic=time.monotonic, wall=time.time)
    visitors = Visitors(limiter, proxies)
    local_key = new_token()
    keys = Keys(await _owner(settings, store), digest_of(local_key))
    watch = Watch(store, metrics, monotonic=time.monotonic, wall=time.time)
    telemetry.of_store(metrics, store, watch)
    telemetry.of_process(metrics)
    gate = Gate(settings.page_key or (), _sitemaps(served, store, metrics, stack))
    admin_host = AdminHost(settings.admin_host)
    admin = Admin(
        store,
        served,
        keys,
        Sessions(time.monotonic),
        limiter,
        proxies,
        refused_origins,
        metrics,
        settings.url,
        admin_host,
    )
    stack.push_async_callback(watch.close)
    await stack.enter_async_context(_kept_up(store))
    likes = Likes(store, served, visitors, gate, refused_origins)
    parts = {
        "likes": likes,
        "public": Public(store, served, visitors, likes),
        "views": LatePart(lambda: _views(store, served, likes, visitors, metrics)),
        "figures": LatePart(lambda: _figures(store, served)),
        "popular": Popular(store, served, visitors, time.monotonic),
        "badge": Badge(store, served, visitors),
        "admin": admin,
        "corrections": LatePart(lambda: _corrections(store, served, admin)),
        "reasons": LatePart(lambda: _reasons(store, served, admin)),
        "doctor": Doctor(
            settings,
            store,
            served,
            proxies,
            gate,
            Signs(limiter, metrics, refused_origins, disbelief),
        ),
        "files": Files(admin_host, serves_demo=settings.serves_demo, url=settings.url),
        "health": Health(store),
    }
    router = Router(parts)
    telemetry.of_routes(metrics, router)
    app = App(router, admin, metrics)
    door = AccessLog(app, proxies.trusts_peer) if settings.access_log else app
    return Service(door, store, proxies, metrics, lock, local_key)


def _proxies(settings: Settings, disbelief: Disbelief) -> Proxies:
    return Proxies(
        settings.trusted_proxies.ranges,
        trust_unix_socket=settings.trusted_proxies.unix_socket,
        client_header=settings.client_header,
        on_disbelief=disbelief.note,
    )


async def _owner(settings: Settings, store: SqliteStore) -> Callable[[], bytes | None]:
    """Return what tells the digest of the owner's key, made where there is none."""
    if settings.admin_key:
        configured = digest_of(settings.admin_key)
        return lambda: configured
    await _make_key(settings, store)
    return store.admin_key_digest


def _schedule_backups(
    settings: Settings, metrics: Metrics, stack: contextlib.AsyncExitStack
) -> None:
    """Have backups made, if they are wanted. Raises `StartError` for an unusable folder."""
    folder = settings.backups_path
    if folder is None:
        return
    from likewise.backups import Backups, prepare_folder  # noqa: PLC0415 (for those who want them)

    prepare_folder(folder)
    backups = Backups(folder, settings, metrics, time.time)
    backups.start()
    stack.push_async_callback(backups.close)


def _sitemaps(
    served: Mapping[str, sites.Site],
    store: SqliteStore,
    metrics: Metrics,
    stack: contextlib.AsyncExitStack,
) -> Mapping[str, Refresher]:
    """Return the sitemaps of the sites that have one, each being read for the first time."""
    listed = [site for site in served.values() if site.sitemap is not None]
    if not listed:
        return {}
    from likewise.sitemap import Sitemap  # noqa: PLC0415 (for those who have one)

    sitemaps = {site.name: Sitemap(site, store, metrics, time.monotonic) for site in listed}
    for sitemap in sitemaps.values():
        sitemap.refresh()
        stack.push_async_callback(sitemap.close)
    return sitemaps


@contextlib.asynccontextmanager
async def _kept_up(store: SqliteStore) -> AsyncIterator[None]:
    """Forget in time what is kept for a time only, for as long as the service runs."""

    async def keep_up() -> None:
        pause_seconds = FIRST_UPKEEP_SECONDS
        while True:
            await asyncio.sleep(pause_seconds)
            pause_seconds = UPKEEP_SECONDS
            try:
                await store.retain()
            except Exception:  # noqa: BLE001 (it is tried again, whatever it was)
                _log.warning(
                    "What is over could not be forgotten; that is tried again.", exc_info=True
                )

    upkeep = asyncio.get_running_loop().create_task(keep_up())
    try:
        yield
    finally:
        upkeep.cancel()
        await asyncio.wait({upkeep})


async def _make_key(settings: Settings, store: SqliteStore) -> None:
    """Make the owner's key at the first start; only its digest is kept."""
    if store.admin_key_digest() is not None:
        return
    key = new_token()
    # Told first, and made valid then: the other way round, a failure between would lock us out.
    if sys.stderr.isatty():
        sys.stderr.write(f"\nYour admin key, shown this once:\n\n    {key}\n\n")
    else:
        path = os.path.join(os.path.dirname(settings.database_path), KEY_FILE)
        write_private(path, key + "\n")
        _log.warning("An admin key was made. It is in %s; keep it, then remove the file.", path)
    await store.set_admin_key_digest(digest_of(key))


def _served(settings: Settings) -> dict[str, sites.Site]:
    """Return the sites by their names, the demo's among them where it is served."""
    served = {site.name: site for site in settings.sites}
    if settings.serves_demo:
        from likewise.demo import demo_site  # noqa: PLC0415 (for the demo)

        served[sites.DEMO] = demo_site(settings)
    return served


# What counts readers is for those who want it: together it takes most of a MiB.


def _views(
    store: SqliteStore,
    served: Mapping[str, sites.Site],
    likes: Likes,
    visitors: Visitors,
    metrics: Metrics,
) -> Views:
    from likewise.web.views import Views  # noqa: PLC0415 (see above)

    return Views(store, likes, visitors, _readers(served), metrics)


def _readers(served: Mapping[str, sites.Site]) -> Readers | None:
    """Return what tells readers apart, where any site counts them."""
    if not any(site.views for site in served.values()):
        return None
    from likewise.readers import Readers  # noqa: PLC0415 (see above)

    return Readers(wall=time.time, call_later=asyncio.get_running_loop().call_later)


def _figures(store: SqliteStore, served: Mapping[str, sites.Site]) -> Figures:
    from likewise.web.figures import Figures  # noqa: PLC0415 (for the owner)

    return Figures(store, served)


def _reasons(store: SqliteStore, served: Mapping[str, sites.Site], admin: Admin) -> Reasons:
    from likewise.web.reasons import Reasons  # noqa: PLC0415 (for the owner)

    return Reasons(store, served, admin)


def _corrections(store: SqliteStore, served: Mapping[str, sites.Site], admin: Admin) -> Corrections:
    from likewise.web.corrections import Corrections  # noqa: PLC0415 (for the owner)

    return Corrections(store, served, admin)
