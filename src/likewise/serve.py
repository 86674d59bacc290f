"""`likewise serve`: the service behind our own door, until it is told to stop.

Knows signals and the door; what the service is made of is put together in `service.py`.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import cast

# OpenSSL costs 5 to 7 MiB and nothing here speaks TLS: it ends at the tunnel or the proxy.
# asyncio and hashlib are written to run without it; what needs it runs as another process.
for _name in ("ssl", "_hashlib"):
    sys.modules.setdefault(_name, cast("ModuleType", None))

import asyncio
import gc
import logging
import signal
from collections.abc import Callable

from likewise import metrics
from likewise.errors import StartError
from likewise.http.server import Server
from likewise.logs import set_up_log
from likewise.service import running
from likewise.settings import Settings
from likewise.supervisor import Supervisor

_SSL_CLASSES = (
    *("SSLContext", "MemoryBIO", "create_default_context", "SSLError", "SSLWantReadError"),
    *("SSLSyscallError", "SSLZeroReturnError", "CertificateError"),
)
_SSL_NUMBERS = ("SSL_ERROR_WANT_READ", "SSL_ERROR_WANT_WRITE", "SSL_ERROR_SYSCALL")

# Requests that wait for a commit are more objects than the 700 at which Python would look for
# garbage each time: that took a twentieth of a like's time, and found none.
GARBAGE_THRESHOLD = 2_500

_log = logging.getLogger("likewise")


def serve(settings: Settings, on_ready: Callable[[str], None] = lambda _address: None) -> None:
    """Serve until SIGTERM or SIGINT, then answer what was accepted and return."""
    set_up_log(settings.log)
    gc.set_threshold(GARBAGE_THRESHOLD)
    new_loop = _uvloop() if settings.loop == "uvloop" else None
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(_serve(settings, on_ready))


def _uvloop() -> Callable[[], asyncio.AbstractEventLoop]:
    """Return what makes uvloop's event loops. Raises `StartError` where it is not installed.

    uvloop looks up eleven names of `ssl` when it is loaded and needs none of them without TLS:
    it is given stand-ins, so that OpenSSL stays out.
    """
    stand_in = ModuleType("ssl")
    for name in _SSL_CLASSES:
        setattr(stand_in, name, type(name, (Exception,), {}))
    for name in _SSL_NUMBERS:
        setattr(stand_in, name, 0)
    before = sys.modules["ssl"]
    sys.modules["ssl"] = stand_in
    try:
        import uvloop  # noqa: PLC0415 (an extra, loaded when asked for)
    except ImportError:
        raise StartError(
            "LIKEWISE_LOOP=uvloop: uvloop is not installed. Install it:"
            ' python -m pip install "likewise[fast]"'
        ) from None
    finally:
        sys.modules["ssl"] = before
    return uvloop.new_event_loop


async def _serve(settings: Settings, on_ready: Callable[[str], None]) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with running(settings) as service:
        turns = service.metrics.histogram(metrics.TURN)
        server = Server(service.app, service.proxies.trusts_peer, on_turn=turns.observe)
        service.metrics.ask(metrics.CONNECTIONS, lambda: server.connections)
        service.metrics.ask(metrics.HELD, lambda: server.held_bytes)
        address = await server.listen(settings.host, settings.port)
        service.lock.tell(address=address, key=service.local_key)
        _log.info("Likewise serves %s at %s", settings.database_path, address)
        if not settings.has_sites:
            _log.warning(
                "No site may write yet but pages on localhost."
                " Set LIKEWISE_ORIGINS=https://your.site to open it for yours."
            )
        on_ready(address)
        with Supervisor().watching():
            await stop.wait()
        _log.info("Stopping: answering what has been accepted.")
        await server.drain()
