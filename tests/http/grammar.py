"""HTTP/1.1 as a heap of pieces: whole requests, odd ones, and what mutation makes of them."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import strategies as st

# What may stand at each place of a request: well formed, and not.
FINE = {
    "method": b"GET GET POST POST HEAD OPTIONS PUT".split(),
    "target": b"/ /now /soon /soon/x /empty /same /a?b=c&d /a%2Fb?%00 //x//y".split(),
    "version": [b"HTTP/1.1"] * 7 + [b"HTTP/1.0"],
    "host": [b"Host: door"],
    "blank": [b" "],
    "end": [b"\r\n"],
    "length": [b"3"],
    "coding": b"chunked chunked Chunked".split(),
    "name": [b"Content-Length: ", b"content-length:"],
    "size": b"3 3 03 3;a=b".split(),
    "last": b"0 0 000 0;a".split(),
    "trailers": [b"", b"", b"X: y\r\n"],
}
ODD = {
    "method": [
        *[b"CONNECT", b"TRACE", b"M-SEARCH", b"SOURCE", b"PRI", b"get", b"GE T", b""],
        *[b"\r\nGET", b"\nGET", b"\rGET", b" GET", b"\0GET", b"\r\n\r\n\r\nGET"],
    ],
    "target": [
        *rb"/x#y /?? /%zz * http://a/x http://a http://a?b HTTP://A:80/x https://u@a/x a".split(),
        *rb'http:///x http://[::1]/x http://a:b:c/x ftp://a/x a:80 /"<>^`{|} /\ /..;/x'.split(),
        *[b"", b"/a b", b"/\xc3\xa9", b"/a\tb", b"/a\0", b"/?\x7f", b"//", b"///a:b", b"/http://a"],
    ],
    "version": [
        *b"HTTP/0.9 HTTP/2.0 HTTP/1.2 http/1.1 RTSP/1.1 ICE/1.1 HTTP/11 HTTP/01.1".split(),
        *[b"HTTP/1.1 ", b"HTTP/1.1\x0b", b"HTTP/1.1\0", b"HTTP/ 1.1", b""],
    ],
    "host": [
        *[b"Host: ", b"Host:", b"Host: a:80", b"Host: a:b:c", b"Host: a b", b"Host: [::1]:80"],
        *[b"Host: a%zz", b"Host: a%41", b"Host: [", b"Host: a/b", b"Host: u@a", b"Host: a,b"],
        *[b"Host: a\r\nhost: b", b"X: no host", b"Host : door", b"Host", b"Host: a\x7f"],
    ],
    "blank": [b"  ", b"\t", b"", b"\x0b", b"\r"],
    "end": [b"\n", b"\r", b"\r\r\n", b"\r\n ", b"\r\n\t", b"\n\r\n", b"", b"\0\r\n", b"\x0b\r\n"],
    "length": [
        *b"0 00 03 4 2 +3 -3 0x3 3,3 3,4 3; 0_3 99999999999999999999 5000 \xb3 1e1 ,3 3,".split(),
        *[b"", b"3 3", b"3\t", b"3\x0b", b"3\r\nContent-Length: 3", b"3\r\nContent-Length: 4"],
        *[b"3\r\nTransfer-Encoding: chunked", b"\r\n 3", b"3\r\n 0", b"000000000000000000003"],
    ],
    "coding": [
        *b"xchunked identity gzip,chunked chunked,gzip chunked;q=1 ,chunked chunked,".split(),
        *[
            b'"chunked"',
            b"\x0bchunked",
            b"\0chunked",
            b"",
            b"\tchunked",
            b"chunked\t",
            b"chunked\0",
        ],
        *[b"chunked\r\nTransfer-Encoding: chunked", b"chunked\r\nTransfer-Encoding: identity"],
        *[b"identity\r\nTransfer-Encoding: chunked", b"identity\r\n chunked", b"chun\r\n ked"],
        *[b"chunked\r\nContent-Length: 3", b"chunked, identity", b"chunked\r\n , identity"],
    ],
    "name": [
        *[b"Content-Length : ", b"Content-Length\t:", b" Content-Length: ", b"Content_Length: "],
        *[
            b"Content-Length\0: ",
            b"X: y\rContent-Length: ",
            b"\0Content-Length:",
            b"Content Length:",
        ],
    ],
    "size": [
        *b"0x3 +3 -3 3_ 0_3 3; 3;a g 4 2 3;; 3;=b 10000000000000003 fffff".split(),
        *[
            b'3;a="b;\\""',
            b"",
            b" 3",
            b"3 ",
            b"3\t",
            b"3 ;a",
            b"3; a=b",
            b"3;a\nb",
            b"3;a\rb",
            b"3;\0",
        ],
        *[b'3;a="\r\n"', b"3;a=\x7f", b"3;\xe9", b"3;a =b", b"3\r\n", b"\r\n3", b"0"],
    ],
    "last": [
        b"-0",
        b"0 ",
        b"0x0",
        b"",
        b"+0",
        b"0;\n",
        b"00000000000000000",
        b"00000000000000000000",
    ],
    "trailers": [
        *[
            b"Host: evil\r\n",
            b"Origin: evil\r\n",
            b"Content-Length: 3\r\n",
            b"X y\r\n",
            b"X: \0\r\n",
        ],
        *[b"Transfer-Encoding: chunked\r\n", b"X-Forwarded-For: 9.9.9.9\r\n", b"X: y\r\n z\r\n"],
        *[
            b"Connection: close\r\n",
            b"Expect: 100-continue\r\n",
            b"X: y\n",
            b"X : y\r\n",
            b": y\r\n",
        ],
        *[b"Connection: upgrade\r\nUpgrade: h2c\r\n", b"Cookie: a\r\n", b"Authorization: a\r\n"],
    ],
}
FIELDS = [
    *[
        b"X: y",
        b"X:",
        b"X:y\t ",
        b"X: \xe9",
        b"X: a\x7fb",
        b"X: a\0b",
        b"X: a\rb",
        b"X : y",
        b"X y",
    ],
    *[b": y", b"X: y\r\n z", b"X@: y", b"(X): y", b'"X": y', b"X\xe9: y", b"X: " + b"y" * 300],
    *[b"Connection: close", b"Connection: keep-alive", b"Connection: close, keep-alive"],
    *[b"connection: CLOSE", b"Connection: X-Forwarded-For", b"Connection: upgrade"],
    *[b"Connection: Upgrade\r\nUpgrade: h2c", b"Upgrade: websocket", b"Expect: 100-continue"],
    *[b"Expect: 100-Continue", b"Expect: 200-ok", b"Expect:", b"Origin: a"],
    *[b"Origin: a\r\norigin: b", b"Content-Type: a\r\nContent-Type: a", b"Authorization: a"],
    *[b"Cookie: a=b\r\ncookie: c=d", b"X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: 5.6.7.8"],
    *[b"Trailer: Origin", b"TE: trailers, chunked", b"HTTP2-Settings: AAMAAABkAAQAAP__"],
    *[b"Connection: Upgrade\r\nUpgrade: websocket", b"Connection:", b"Connection: closed"],
]
SMUGGLED = b"POST /smuggled HTTP/1.1\r\nHost: door\r\nContent-Length: 0\r\n\r\n"
FRAGMENTS = [
    *[
        b"\r\n",
        b"\n",
        b"\r",
        b" ",
        b"\t",
        b"\0",
        b":",
        b",",
        b";",
        b"\x0b",
        b"\xff",
        b"0",
        b"\r\n\r\n",
    ],
    *[b"0\r\n\r\n", b"3\r\nabc\r\n", SMUGGLED, *(field + b"\r\n" for field in FIELDS)],
    *[
        b"Content-Length: 3\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Host: a\r\n",
        b"GET / HTTP/1.1\r\n",
    ],
]


class Edit(NamedTuple):
    """A change at a place, which is counted round the whole."""

    place: int
    kind: str
    size_bytes: int
    fragment: bytes

    def applied(self, data: bytes) -> bytes:
        """Return the data, changed."""
        start = self.place % (len(data) + 1)
        end = start + self.size_bytes
        match self.kind:
            case "put":
                return data[:start] + self.fragment + data[start:]
            case "cut":
                return data[:start] + data[end:]
            case "replace":
                return data[:start] + self.fragment + data[end:]
            case "repeat":
                return data[:end] + data[start:]
        return data[:start] + data[start:end].swapcase() + data[end:]


EDITS = st.builds(
    Edit,
    st.integers(0, 4_095),
    st.sampled_from("put cut replace repeat swap".split()),
    st.sampled_from([0, 1, 1, 1, 2, 3, 8, 20]),
    st.sampled_from(FRAGMENTS) | st.binary(min_size=1, max_size=1),
)


PLACES = st.lists(st.sampled_from(sorted(ODD)), max_size=2)
FRAMINGS = st.sampled_from("none length length chunked chunked both".split())
BODIES = [b"abc"] * 4 + [b"0\r\n\r\n", SMUGGLED]


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """Return a request, odd in at most two places."""
    odd = draw(PLACES)

    def one(place: str) -> bytes:
        is_odd = place in odd and (place != "end" or draw(st.booleans()))
        choices = (ODD if is_odd else FINE)[place]
        return choices[0] if len(choices) == 1 else draw(st.sampled_from(choices))

    def line(*parts: bytes) -> bytes:
        return b"".join(parts) + one("end")

    framing = draw(FRAMINGS)
    lines = [one("host"), *draw(st.lists(st.sampled_from(FIELDS), max_size=1)), b"Z: z"]
    body = b""
    if framing in {"length", "both"}:
        lines.insert(1, one("name") + one("length"))
        body = draw(st.sampled_from(BODIES))
    if framing in {"chunked", "both"}:
        lines.insert(draw(st.integers(0, 2)), b"Transfer-Encoding: " + one("coding"))
        chunk = line(one("size")) + line(b"abc")
        body = chunk + line(one("last")) + line(one("trailers"))
    head = line(one("method"), one("blank"), one("target"), one("blank"), one("version"))
    return head + b"".join(line(field) for field in lines) + line() + body


def edited(data: bytes, edits: list[Edit]) -> bytes:
    """Return the data with all changes made."""
    for edit in edits:
        data = edit.applied(data)
    return data


def streams() -> st.SearchStrategy[bytes]:
    """Return pipelines of requests, with a change or two anywhere in every second."""
    pipelines = st.lists(requests(), min_size=1, max_size=3).map(b"".join)
    return pipelines | st.builds(edited, pipelines, st.lists(EDITS, min_size=1, max_size=2))
