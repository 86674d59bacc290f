"""Where connections come in: listens on a port or a unix socket, and lets newcomers in by turns.

Knows sockets and errors of the system; must not know what becomes of a connection.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import socket
from collections.abc import Callable

from likewise.errors import StartError
from likewise.http.connection import Connection

UNIX_PREFIX = "unix:"
BACKLOG = 1_024
AT_ONCE = 64  # so many newcomers before everybody else has a turn
WARNING_SECONDS = 60.0  # between two of the same

_log = logging.getLogger("likewise")


class Listener:
    """Accepts by itself: asyncio lets a whole backlog in before the first is counted, and logs a
    traceback for each of it when no file is left.

    `admit` gives a newcomer its connection, by the peer's address, or None to turn it away;
    `begin` gives that its socket; `make_room` is told of files that ran out.
    """

    def __init__(
        self,
        admit: Callable[[str], Connection | None],
        begin: Callable[[Connection, socket.socket], None],
        make_room: Callable[[], object],
    ) -> None:
        self._admit = admit
        self._begin = begin
        self._make_room = make_room
        self._listening: asyncio.Server | None = None
        self._backlogs: list[socket.socket] = []
        self._is_paused = False
        self._next_warning = 0.0
        self._loop = asyncio.get_running_loop()

    async def listen(self, host: str, port: int) -> str:
        """Start to listen; return the address as a person would type it. Raises `StartError`."""
        try:
            if host.startswith(UNIX_PREFIX):
                return await self._listen_unix(host.removeprefix(UNIX_PREFIX))
            self._start(
                await self._loop.create_server(asyncio.Protocol, host, port, start_serving=False)
            )
        except (OSError, UnicodeError) as error:
            raise _cannot_listen(host, port, error) from None
        port = self._backlogs[0].getsockname()[1]
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"

    def stop(self) -> None:
        """Let in whoever waits in the backlog, since closing it would reset them; then no more."""
        for backlog in self._backlogs:
            self._loop.remove_reader(backlog)
            # No more than it can hold: others may come for as long as somebody is let in.
            for _ in range(0, BACKLOG + 1, AT_ONCE):
                if not self._accept(backlog):
                    break
            backlog.close()
        self._backlogs.clear()
        if self._listening is not None:
            self._listening.close()

    def resume(self) -> None:
        """Accept again where it was paused for want of files."""
        if self._is_paused:
            self._is_paused = False
            for backlog in self._backlogs:
                self._loop.add_reader(backlog, self._accept, backlog)

    async def _listen_unix(self, path: str) -> str:
        if _is_answered(path):
            raise StartError(f"{path}: another program listens there.")
        listening = await self._loop.create_unix_server(asyncio.Protocol, path, start_serving=False)
        os.chmod(path, 0o660)  # noqa: PTH101 (a path method counts as blocking here)
        self._start(listening)
        return f"{UNIX_PREFIX}{path}"

    def _start(self, listening: asyncio.Server) -> None:
        self._listening = listening
        for one in listening.sockets:
            backlog = one.dup()
            backlog.listen(BACKLOG)
            if backlog.family != socket.AF_UNIX:  # newcomers inherit it: answers leave whole
                backlog.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._backlogs.append(backlog)
            self._loop.add_reader(backlog, self._accept, backlog)

    def _accept(self, backlog: socket.socket) -> bool:
        """Let in some of those who wait; return whether there may be more."""
        for _ in range(AT_ONCE):
            try:
                newcomer, place = backlog.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return False
            except OSError as error:
                self._pause(error)
                return False
            # The address of a unix socket is a text, that of a peer a tuple.
            connection = self._admit(place[0] if isinstance(place, tuple) else "")
            if connection is None:
                newcomer.close()
            else:
                self._begin(connection, newcomer)
        return True

    def _pause(self, error: OSError) -> None:
        """Make room where no file is left, and go on when told to: not at full speed."""
        self._make_room()
        self._is_paused = True
        for backlog in self._backlogs:
            self._loop.remove_reader(backlog)
        if self._loop.time() >= self._next_warning:
            self._next_warning = self._loop.time() + WARNING_SECONDS
            _log.warning("Connections have to wait: %s.", error.strerror)


def _is_answered(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(0)
        # EAGAIN: somebody listens there, and has no time just now.
        return probe.connect_ex(path) in {0, errno.EAGAIN}


def _cannot_listen(host: str, port: int, error: OSError | UnicodeError) -> StartError:
    number = getattr(error, "errno", None) or 0
    # asyncio and the resolver have numbers and texts of their own.
    reason = os.strerror(number) if number in errno.errorcode else str(error)
    if host.startswith(UNIX_PREFIX):
        return StartError(f"LIKEWISE_HOST={host}: {reason}.")
    advice = {
        errno.EADDRINUSE: " Choose another with --port or LIKEWISE_PORT,"
        " or stop the program that uses it.",
        errno.EACCES: " Choose one from 1024 upwards with --port or LIKEWISE_PORT.",
    }.get(number, " LIKEWISE_HOST must be an address of this machine.")
    return StartError(f"Cannot listen on {host} port {port}: {reason}.{advice}")
