"""The pages that a site has, as its sitemap or feed names them.

For imports, from a file or from any web server. For the server, which may not reach everything
and shall not hold a parser in its memory, as `python -m likewise.transfer.sitemap ADDRESS`: a
process of its own that takes public addresses only, bounds itself and prints a path a line.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from types import FrameType
from urllib import request
from urllib.parse import SplitResult, urljoin, urlsplit

from likewise import __version__
from likewise.errors import StartError
from likewise.logs import escaped
from likewise.origins import punycode
from likewise.transfer import public_host
from likewise.transfer.body import MAX_BYTES
from likewise.transfer.listing import Listing, check_number
from likewise.transfer.public_host import PublicHost

MAX_FILES = 200
SILENCE_SECONDS = 10
TOTAL_SECONDS = 60
# Of the process that the server starts. 100 MiB are taken at once: 30 by Python and OpenSSL, and
# the rest, of which hardly a page is used, by the C library for the thread that resolves names.
MAX_MEMORY_BYTES = 256 * 1024 * 1024
MAX_CPU_SECONDS = 15

_CHUNK_BYTES = 64 * 1024


def sitemap_paths(source: str) -> list[str]:
    """Return the path of every page that a sitemap names, each as it is written there.

    `source` is a file or an http(s) address. The files that a sitemap index names are read too:
    beside the index when that is a file, from its own host otherwise.
    Raises `StartError` for what is missing, too large, or no sitemap.
    """
    is_web = source.startswith(("http://", "https://"))
    first = Listing.read(source, _fetched(source) if is_web else _file(Path(source)))
    child = _child_on_the_web(source) if is_web else _child_file(Path(source))
    listings = _with_children(first, lambda at: Listing.read(at, child(at)))
    return list(dict.fromkeys(_paths(page for one in listings for page in one.pages)))


def known_paths(address: str) -> list[str]:
    """Return the paths that a site's own sitemap or feed names, each as it is written there.

    Pages of other hosts are left out, where `www.` makes no other host. The files that a sitemap
    index names are read too. Raises `StartError` for what is not on the public internet or cannot
    be had from there within the bounds of `PublicHost`, for no sitemap or feed, and for no pages.
    """
    host = PublicHost(address)

    def read(at: str) -> Listing:
        return Listing.read(*host.get(at), takes_feeds=True)

    first = read(address)
    listings = _with_children(first, lambda at: read(_absolute(first.source, at)))
    pages = (_absolute(one.source, page) for one in listings for page in one.pages)
    own = _site(address)
    paths = list(dict.fromkeys(_paths(page for page in pages if _site(page) == own)))
    if not paths:
        raise StartError(f"{address} names no pages of its host. Give the sitemap of this site.")
    return paths


def main(arguments: Sequence[str]) -> int:
    """Print what `known_paths` returns, a JSON text a line; return 0, or 1 with a line of error.

    It is all or nothing: what reads this shall never take half of the pages for all of them.
    """
    if len(arguments) != 1:
        return _failed("Give one address, such as https://example.com/sitemap.xml.")
    try:
        _bound_this_process()
        lines = "".join(f"{json.dumps(path)}\n" for path in known_paths(arguments[0]))
        signal.setitimer(signal.ITIMER_REAL, 0)  # from here on it waits for its reader only
        sys.stdout.write(lines)
        sys.stdout.flush()
    except MemoryError:
        return _failed(f"{arguments[0]} takes too much memory to read; give a smaller sitemap.")
    except StartError as error:
        return _failed(str(error))
    except Exception as error:  # noqa: BLE001 (whoever reads this wants a line, whatever it is)
        return _failed(f"{arguments[0]} cannot be read: {type(error).__name__}: {error}.")
    return 0


def _failed(why: str) -> int:
    sys.stderr.write(f"{escaped(why)}\n")
    return 1


def _bound_this_process() -> None:
    """Set ends to time and memory that hold whatever a document makes the code above do."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise StartError("The sitemap takes too long to read; give a smaller one.")

    for number in (signal.SIGALRM, signal.SIGXCPU):
        signal.signal(number, stop)
    signal.setitimer(signal.ITIMER_REAL, public_host.TOTAL_SECONDS)
    _limit(resource.RLIMIT_AS, MAX_MEMORY_BYTES, MAX_MEMORY_BYTES)
    # The first end is a signal, so that it can be told; the second is the kernel's own.
    _limit(resource.RLIMIT_CPU, MAX_CPU_SECONDS, MAX_CPU_SECONDS + 5)


def _limit(kind: int, soft: int, hard: int) -> None:
    given = resource.getrlimit(kind)[1]
    if given != resource.RLIM_INFINITY:  # and only root could raise it
        soft, hard = min(soft, given), min(hard, given)
    with suppress(ValueError):  # macOS knows no bound of memory
        resource.setrlimit(kind, (soft, hard))


def _with_children(first: Listing, read: Callable[[str], Listing]) -> Iterator[Listing]:
    """Yield a listing and, where it is an index, those of the files that it names."""
    if len(first.sitemaps) > MAX_FILES:
        raise StartError(
            f"{first.source} names {len(first.sitemaps)} sitemaps; at most {MAX_FILES}."
        )
    yield first
    pages = len(first.pages)
    for location in first.sitemaps:
        found = read(location)
        if found.sitemaps:
            raise StartError(f"{location} is a sitemap index inside another; give it by itself.")
        pages += len(found.pages)
        check_number(first.source, pages)
        yield found


def _paths(addresses: Iterable[str]) -> Iterator[str]:
    for address in addresses:
        url = _split(address)
        if url.scheme in {"http", "https"}:
            yield url.path or "/"


def _absolute(document: str, address: str) -> str:
    """Return an address that is written relative to its document's in full."""
    if not address or _split(address).scheme:
        return address
    try:
        return urljoin(document, address)
    except ValueError:
        return ""


def _site(address: str) -> str:
    """Return what is one host to its readers: `www.` or not, in any spelling."""
    return punycode(_split(address).hostname or "").removeprefix("www.")


def _split(address: str) -> SplitResult:
    try:
        return urlsplit(address)
    except ValueError:  # such as `http://[`
        return urlsplit("")


def _file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return _bounded(str(path), file.read(MAX_BYTES + 1))
    except OSError as error:
        raise StartError(
            f"The sitemap {path.absolute()} cannot be read: {error.strerror}."
        ) from error


def _child_file(index: Path) -> Callable[[str], bytes]:
    """Return a reader of the files that an index names by their address on the site.

    The site may live under a prefix that its folder does not have, so the longest end of the
    address's path that exists below the folder is taken; nothing outside it.
    """
    folder = index.parent.resolve()

    def child(location: str) -> bytes:
        segments = [part for part in _split(location).path.split("/") if part]
        for start in range(len(segments)):
            path = folder.joinpath(*segments[start:]).resolve()
            if path.is_relative_to(folder) and path.is_file() and path != index.resolve():
                return _file(path)
        raise StartError(
            f"{index} names {location}, which is not below {folder}."
            " Build the site first, or give the address of its sitemap."
        )

    return child


def _child_on_the_web(index: str) -> Callable[[str], bytes]:
    """Return a reader of the addresses that an index names on its own scheme, host and port."""

    def child(location: str) -> bytes:
        if _split(location)[:2] != _split(index)[:2]:
            raise StartError(f"{index} names {location}, which is on another host; give it itself.")
        return _fetched(location)

    return child


def _fetched(address: str) -> bytes:
    """Return what a web server answers. Every redirect stays within http and https."""
    opener = request.OpenerDirector()
    for handler in (
        request.ProxyHandler,
        request.HTTPHandler,
        request.HTTPSHandler,
        request.HTTPRedirectHandler,
        request.HTTPDefaultErrorHandler,
        request.HTTPErrorProcessor,
        request.UnknownHandler,
    ):
        opener.add_handler(handler())
    opener.addheaders = [("User-Agent", f"likewise/{__version__}")]
    deadline = time.monotonic() + TOTAL_SECONDS
    try:
        with opener.open(address, timeout=SILENCE_SECONDS) as response:
            data = b""
            while len(data) <= MAX_BYTES and (chunk := response.read1(_CHUNK_BYTES)):
                data += chunk
                if time.monotonic() > deadline:
                    raise TimeoutError(f"not complete after {TOTAL_SECONDS} seconds")
    except (OSError, ValueError, HTTPException) as error:
        raise StartError(f"The sitemap {address} cannot be fetched: {error}.") from error
    return _bounded(address, data)


def _bounded(source: str, data: bytes) -> bytes:
    if len(data) > MAX_BYTES:
        raise StartError(f"{source} is larger than {MAX_BYTES // 1024**2} MiB; give a part of it.")
    return data


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
