"""Somebody who reads a page's counts while others attack: a process of its own, so that what the
attack costs this side is not measured. Reads until its standard input ends, then tells as JSON.
"""

from __future__ import annotations

import json
import select
import socket
import sys
import time

ASKED = b"GET /v1/counts?page=/honest HTTP/1.1\r\nHost: likes\r\n\r\n"
PAUSE_SECONDS = 0.005
WAIT_SECONDS = 30


def main(port: int) -> None:
    waits: list[float] = []
    with socket.create_connection(("127.0.0.1", port), WAIT_SECONDS) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while not waits or not select.select([sys.stdin], [], [], PAUSE_SECONDS)[0]:
            start = time.perf_counter()
            connection.sendall(ASKED)
            answer = connection.recv(4_096)
            assert answer.startswith(b"HTTP/1.1 200 "), answer
            waits.append(time.perf_counter() - start)
    sys.stdout.write(json.dumps(waits))


if __name__ == "__main__":
    main(int(sys.argv[1]))
