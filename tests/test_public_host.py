"""What is fetched from a host, over real sockets: nothing private, nothing late, nothing endless.

Names are resolved by a fake. No test reaches the internet: 127.0.0.2 stands for it where one must.
"""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from likewise.errors import StartError
from likewise.transfer import public_host
from likewise.transfer.public_host import MAX_REDIRECTS, PublicHost
from tests.told_server import (
    Answers,
    Certificate,
    Serve,
    certificate,
    drip,
    flood,
    redirect,
    servers,
)

OUTSIDE, INSIDE = "127.0.0.2", "127.0.0.1"
OK = b"HTTP/1.0 200 OK\r\n"


class Names:
    """A resolver that answers each question as it is told to, and counts them."""

    def __init__(self) -> None:
        self.answers: list[list[str]] = []
        self.asked = 0

    def __call__(self, _host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        answer = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        return [
            (socket.AF_INET6 if ":" in ip else socket.AF_INET, 1, 6, "", (ip, port))
            for ip in answer
        ]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """A web server on loopback that answers what it is told to."""
    with servers() as start:
        yield start


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """The resolver of names."""
    names = Names()
    monkeypatch.setattr(socket, "getaddrinfo", names)
    return names


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine for which `OUTSIDE` is on the public internet and nothing else is."""
    monkeypatch.setattr(public_host, "is_public", lambda ip: ip == socket.inet_aton(OUTSIDE))


@pytest.fixture(scope="module")
def site_certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    folder = tmp_path_factory.mktemp("certificate")
    return certificate(folder, "DNS:site.example", "DNS:localhost", f"IP:{INSIDE}")


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch, site_certificate: Certificate) -> Certificate:
    """The certificate of site.example, which this machine trusts."""
    monkeypatch.setenv("SSL_CERT_FILE", str(site_certificate.file))
    return site_certificate


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that waits is given up after 0.3 seconds."""
    monkeypatch.setattr(public_host, "TOTAL_SECONDS", 0.3)


def got(address: str) -> bytes:
    return PublicHost(address).get(address).data


def port_of(address: str) -> str:
    return address.rpartition(":")[2]


@pytest.mark.parametrize(
    "address",
    [
        *("http://example.org/", "ftp://example.org/", "file:///etc/passwd", "//example.org/", ""),
        *("sitemap.xml", "javascript:alert(1)", "data:,x", "HTTP://example.org/", "http://[::2]/"),
        *("http://127.0.0.2/", "http://localhost.example.org/", "http://10.0.0.1/"),
    ],
)
def test_only_https_is_fetched(address: str) -> None:
    with pytest.raises(StartError, match="does not start with https://"):
        PublicHost(address)


@pytest.mark.parametrize(
    "address", ["https://[", "https://example.org:port/", "https://a:b@example.org/", "https:///x"]
)
def test_an_address_without_sense_is_refused(address: str) -> None:
    with pytest.raises(StartError, match="Give an address such as"):
        PublicHost(address)


@pytest.mark.parametrize(
    "ip",
    [
        *("0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "169.254.1.1", "169.254.169.254"),
        *("172.16.0.1", "192.168.0.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%lo", "ff02::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1"),
        *("2002:7f00:1::", "2002:a00:1::", "2001:db8::1", "what is no address"),
    ],
)
def test_a_host_at_a_private_address_is_refused(names: Names, ip: str) -> None:
    names.answers = [[ip]]
    with pytest.raises(StartError, match=r"is at .* not on the public internet"):
        got("https://site.example/sitemap.xml")


@pytest.mark.parametrize(
    "host",
    [
        *("10.0.0.1", "127.0.0.2", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[fe80::1]"),
        *("2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0"),
    ],
)
def test_a_private_address_is_refused_in_any_spelling(host: str) -> None:
    with pytest.raises(StartError, match=r"is at .* not on the public internet"):
        got(f"https://{host}/sitemap.xml")


@pytest.mark.usefixtures("outside")
@pytest.mark.parametrize("answer", [[OUTSIDE, INSIDE], [INSIDE, OUTSIDE]])
def test_one_private_address_among_several_is_enough_to_refuse(
    names: Names, answer: list[str]
) -> None:
    names.answers = [answer]
    with pytest.raises(StartError, match=f"is at {INSIDE}, which is not on the public internet"):
        got("https://site.example/sitemap.xml")


@pytest.mark.usefixtures("outside")
def test_a_name_that_changes_leads_to_where_it_was_checked(
    serve: Serve, names: Names, trusted: Certificate
) -> None:
    public = serve({"/a.xml": b"public", "/b.xml": b"too"}, ip=OUTSIDE, tls=trusted.context())
    names.answers = [[OUTSIDE], [INSIDE]]
    address = f"https://site.example:{port_of(public)}"
    host = PublicHost(address)
    assert host.get(f"{address}/a.xml").data == b"public"
    assert host.get(f"{address}/b.xml").data == b"too"
    assert names.asked == 1


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_this_machine_is_reached_by_its_own_names_over_plain_http(serve: Serve, host: str) -> None:
    ip = "127.0.0.1" if host != "[::1]" else "::1"
    if ip == "::1" and not has_ipv6():
        pytest.skip("IPv6 is missing: enable it on the loopback interface")
    address = serve({"/sitemap.xml": tell_host}, ip=ip)
    port = port_of(address)
    assert got(f"http://{host}:{port}/sitemap.xml") == f"{host}:{port}".encode()


def tell_host(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(OK + b"\r\n" + handler.headers["Host"].encode())


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize("ip", ["10.0.0.1", "8.8.8.8", "169.254.169.254", "fd00:ec2::254"])
def test_the_name_of_this_machine_leads_nowhere_else(names: Names, ip: str) -> None:
    names.answers = [[ip]]
    with pytest.raises(StartError, match=f"localhost is at {ip}, which is not this machine"):
        got("http://localhost/sitemap.xml")


def test_the_next_address_of_a_host_is_tried(serve: Serve, names: Names) -> None:
    address = serve({"/sitemap.xml": b"here"}).replace(INSIDE, "localhost")
    names.answers = [["127.0.0.3", INSIDE]]
    assert got(f"{address}/sitemap.xml") == b"here"


def test_a_host_that_takes_no_connection_is_said_so() -> None:
    with pytest.raises(StartError, match="takes no connection"):
        got("http://127.0.0.1:1/sitemap.xml")


def test_a_name_that_nobody_has_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(StartError, match="the host is not found"):
        got("https://site.example/sitemap.xml")


def test_a_name_that_is_too_long_is_said_so() -> None:
    with pytest.raises(StartError, match="cannot be fetched"):
        got(f"https://{'a' * 64}.example/")


def test_no_proxy_of_the_environment_is_asked(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
        monkeypatch.setenv(name.upper(), "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    assert got(serve({"/sitemap.xml": b"here"}) + "/sitemap.xml") == b"here"


@pytest.mark.usefixtures("outside")
def test_a_server_sees_the_name_and_not_the_address(
    serve: Serve, names: Names, trusted: Certificate
) -> None:
    seen: list[str | None] = []

    def note(handler: BaseHTTPRequestHandler) -> None:
        seen.append(handler.headers["Host"])
        handler.wfile.write(OK + b"\r\nhere")

    tls = trusted.context()
    tls.set_servername_callback(lambda _socket, name, _context: seen.append(name))
    port = port_of(serve({"/sitemap.xml": note}, ip=OUTSIDE, tls=tls))
    names.answers = [[OUTSIDE]]
    assert got(f"https://site.example:{port}/sitemap.xml") == b"here"
    assert seen == ["site.example", f"site.example:{port}"]


def test_a_certificate_that_nobody_signed_is_refused(
    serve: Serve, site_certificate: Certificate
) -> None:
    address = serve({"/": b"here"}, tls=site_certificate.context())
    with pytest.raises(StartError, match="certificate is refused"):
        got(f"{address}/")


@pytest.mark.usefixtures("outside")
def test_a_certificate_of_another_name_is_refused(
    serve: Serve, names: Names, trusted: Certificate
) -> None:
    port = port_of(serve({"/": b"here"}, ip=OUTSIDE, tls=trusted.context()))
    names.answers = [[OUTSIDE]]
    with pytest.raises(StartError, match="certificate is refused"):
        got(f"https://other.example:{port}/")


def test_a_server_without_tls_is_said_so(serve: Serve) -> None:
    with pytest.raises(StartError, match="cannot be fetched"):
        got(serve({"/": b"here"}).replace("http:", "https:") + "/")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_within_the_host_is_followed(serve: Serve, status: int) -> None:
    answers: Answers = {"/real.xml": b"here"}
    address = serve(answers)
    answers["/a.xml"] = redirect("real.xml", status)
    answers["/b.xml"] = redirect(f"{address}/real.xml#part", status)
    for name in ("a", "b"):
        assert PublicHost(address).get(f"{address}/{name}.xml") == (
            f"{address}/real.xml{'#part' if name == 'b' else ''}",
            b"here",
        )


@pytest.mark.parametrize(
    "location", ["/caf\u00e9.xml".encode().decode("latin-1"), "/caf%C3%A9.xml"]
)
def test_a_redirect_may_be_written_with_any_letters(serve: Serve, location: str) -> None:
    address = serve({"/": redirect(location), "/caf%C3%A9.xml": b"here"})
    assert got(f"{address}/") == b"here"


@pytest.mark.parametrize(
    "location",
    [
        *("https://{host}:{port}/", "http://{host}:1/", "http://localhost:{port}/", "//10.0.0.1/"),
        *("file:///etc/passwd", "ftp://{host}:{port}/", "data:,x", "http://169.254.169.254/"),
        *("http://a@{host}:{port}/", "http://[", "http://{host}:{port}0000/", "gopher://x/"),
    ],
)
def test_a_redirect_to_anything_else_is_refused(serve: Serve, location: str) -> None:
    answers: Answers = {"/real.xml": b"here"}
    address = serve(answers)
    to = location.format(host=INSIDE, port=port_of(address))
    answers["/"] = redirect(to)
    with pytest.raises(StartError, match=r"is on another host|cannot be fetched: (it |Inv|Port)"):
        got(f"{address}/")


@pytest.mark.usefixtures("outside")
@pytest.mark.parametrize("location", ["http://{host}/real.xml", "https://www.{host}/real.xml"])
def test_a_redirect_stays_with_tls_and_the_whole_name(
    serve: Serve, names: Names, trusted: Certificate, location: str
) -> None:
    names.answers = [[OUTSIDE]]
    answers: Answers = {"/real.xml": b"here"}
    host = f"site.example:{port_of(serve(answers, ip=OUTSIDE, tls=trusted.context()))}"
    answers["/"] = redirect(location.format(host=host))
    with pytest.raises(StartError, match=r"does not start with https|is on another host"):
        got(f"https://{host}/")


def test_a_redirect_in_a_circle_is_given_up(serve: Serve) -> None:
    address = serve({"/a": redirect("/b"), "/b": redirect("/a")})
    with pytest.raises(StartError, match="redirects more than 5 times"):
        got(f"{address}/a")


def test_five_redirects_are_followed_and_no_more(serve: Serve) -> None:
    answers: Answers = {f"/{step}": redirect(f"/{step + 1}") for step in range(MAX_REDIRECTS + 1)}
    answers[f"/{MAX_REDIRECTS + 1}"] = b"here"
    address = serve(answers)
    assert got(f"{address}/1") == b"here"
    with pytest.raises(StartError, match="redirects more than 5 times"):
        got(f"{address}/0")


def test_other_addresses_of_the_host_only_are_fetched(serve: Serve) -> None:
    other = serve({"/": b"other"})
    address = serve({"/": b"here"})
    host = PublicHost(f"{address}/sitemap.xml")
    assert host.get(f"{address}/").data == b"here"
    with pytest.raises(StartError, match="is on another host"):
        host.get(f"{other}/")


def test_the_usual_port_is_the_same_written_or_not(names: Names) -> None:
    names.answers = [[INSIDE]]
    with pytest.raises(StartError, match="not on the public internet"):
        PublicHost("https://Site.Example/").get("https://site.example:443/")


@pytest.mark.parametrize("status", [204, 206, 304, 403, 404, 500, 503])
def test_an_answer_that_is_no_document_is_said_so(serve: Serve, status: int) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.end_headers()

    with pytest.raises(StartError, match=f"the server answers {status}; check the address"):
        got(serve({"/": answer}) + "/")


def test_a_redirect_to_nowhere_is_said_so(serve: Serve) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.0 302 Found\r\n\r\n")

    with pytest.raises(StartError, match="the server answers 302"):
        got(serve({"/": answer}) + "/")


def test_an_answer_that_is_not_http_is_said_so(serve: Serve) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"220 smtp.example ESMTP\r\n")

    with pytest.raises(StartError, match="cannot be fetched: 220 smtp"):
        got(serve({"/": answer}) + "/")


def test_packed_answers_are_asked_for_and_unpacked(serve: Serve) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        assert handler.headers["Accept-Encoding"] == "gzip"
        packed = gzip.compress(b"here")
        handler.wfile.write(OK + b"Content-Encoding: gzip\r\n\r\n" + packed)

    address = serve({"/sitemap.xml": answer, "/sitemap.xml.gz": gzip.compress(b"a file")})
    assert got(f"{address}/sitemap.xml") == b"here"
    assert got(f"{address}/sitemap.xml.gz") == b"a file"


def test_an_answer_in_chunks_is_put_together(serve: Serve) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        handler.wfile.write(head + b"2\r\nhe\r\n2\r\nre\r\n0\r\n\r\n")

    assert got(serve({"/": answer}) + "/") == b"here"


def test_query_and_other_letters_of_an_address_are_sent(serve: Serve) -> None:
    address = serve({"/caf%C3%A9%20x/?a=1&b=%C3%A9": b"here"})
    assert got(f"{address}/café x/?a=1&b=é") == b"here"


def test_an_answer_without_end_is_cut(serve: Serve) -> None:
    with pytest.raises(StartError, match="larger than 10 MiB"):
        got(serve({"/": flood}) + "/")


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize(
    "start",
    [b"", b"HTTP/1.1 200 O", OK + b"A: ", OK + b"\r\n", OK + b"Content-Length: 99999\r\n\r\n"],
    ids=["nothing", "status", "header", "body", "body of a length"],
)
def test_an_answer_that_drips_is_given_up(serve: Serve, start: bytes) -> None:
    address = serve({"/": drip(start)})
    started = time.monotonic()
    with pytest.raises(StartError, match=r"not complete after 0\.3 seconds"):
        got(f"{address}/")
    assert time.monotonic() - started < 2


@pytest.mark.usefixtures("hurried")
def test_a_dripping_answer_over_tls_is_given_up(serve: Serve, trusted: Certificate) -> None:
    address = serve({"/": drip(OK + b"\r\n")}, tls=trusted.context())
    with pytest.raises(StartError, match=r"not complete after 0\.3 seconds"):
        got(f"{address}/")


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_silence_is_given_up(scheme: str) -> None:
    with socket.create_server((INSIDE, 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(StartError, match=r"not complete after 0\.3 seconds"):
            got(f"{scheme}://{INSIDE}:{port}/")


@pytest.mark.usefixtures("hurried")
def test_a_resolver_that_is_silent_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    is_over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: is_over.wait(20) and [])
    started = time.monotonic()
    with pytest.raises(StartError, match=r"not complete after 0\.3 seconds"):
        got("https://site.example/")
    is_over.set()
    assert time.monotonic() - started < 2


@pytest.mark.usefixtures("hurried")
def test_all_documents_of_a_host_have_one_time_together(serve: Serve) -> None:
    def slow(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(0.1)
        handler.wfile.write(OK + b"\r\nhere")

    address = serve({"/": slow})
    host = PublicHost(address)
    assert host.get(f"{address}/").data == b"here"
    with pytest.raises(StartError, match=r"not complete after 0\.3 seconds"):
        list(map(host.get, [f"{address}/"] * 3))


def test_a_stranger_cannot_fill_a_message(serve: Serve) -> None:
    with pytest.raises(StartError) as caught:
        got(serve({"/": redirect("http://example.org/" + "x" * 5000)}) + "/")
    assert len(str(caught.value)) < 500
