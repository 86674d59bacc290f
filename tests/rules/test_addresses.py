"""Whose request it is."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.addresses import (
    LOOPBACK,
    PRIVATE,
    Proxies,
    network_of,
    parse_address,
    parse_range,
    prefix_of,
)

READER = "203.0.113.9"
addresses = st.ip_addresses().map(str)
# Neither trusted nor a line break: what a client may write is header text.
header_text = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"))


def octets(text: str) -> bytes:
    address = ipaddress.ip_address(text)
    mapped = getattr(address, "ipv4_mapped", None)
    return bytes((mapped or address).packed)


def client(
    forwarded: str | None, peer: str = "127.0.0.1", trusted: str = "127.0.0.0/8,::1,10.0.0.0/8"
) -> bytes | None:
    ranges = [parse_range(part) for part in trusted.split(",") if part]
    headers = {} if forwarded is None else {b"x-forwarded-for": forwarded.encode("latin-1")}
    return Proxies(ranges).client(peer, headers)


@given(addresses)
def test_every_address_is_read(text: str) -> None:
    assert parse_address(text) == octets(text)


@given(st.text())
def test_any_text_is_an_address_or_none(text: str) -> None:
    assert len(parse_address(text) or b"") in {0, 4, 16}


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.1:4711", "192.0.2.1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("[::ffff:192.0.2.1]:80", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::1"),
        (" 192.0.2.1\t", "192.0.2.1"),
    ],
)
def test_ports_brackets_zones_and_mapping_are_cut(text: str, address: str) -> None:
    assert parse_address(text) == octets(address)


@pytest.mark.parametrize(
    "text",
    ["", " ", "unknown", "unix:", "_hidden", "1.2.3", "1.2.3.4.5", "\0", "1" * 65, "\u0661.1.1.1"],
)
def test_what_is_no_address_is_none(text: str) -> None:
    assert parse_address(text) is None


@pytest.mark.parametrize("text", ["", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/x", "host/8"])
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"neither an address nor|longer than its address"):
        parse_range(text)


@given(addresses, st.integers(0, 128))
def test_a_range_holds_what_its_prefix_says(text: str, length: int) -> None:
    address = octets(text)
    bits = min(length, len(address) * 8)
    network = ipaddress.ip_network((text, bits), strict=False)
    range_ = parse_range(f"{ipaddress.ip_address(address)}/{bits}")
    assert range_.holds(address)
    if len(address) == len(network.network_address.packed):
        assert range_.holds(network.broadcast_address.packed)
        beyond = int(network.broadcast_address) + 1
        if beyond < 1 << (len(address) * 8):
            assert not range_.holds(beyond.to_bytes(len(address)))


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        (READER, READER),
        (f"192.0.2.7, {READER}", READER),
        (f"{READER}, 10.0.0.2", READER),
        (f"192.0.2.7,{READER},10.0.0.2,127.0.0.1", READER),
        ("10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("127.0.0.1", "127.0.0.1"),
        ("nonsense, 10.0.0.2", "10.0.0.2"),
        (f"{READER}, nonsense, 10.0.0.2", "10.0.0.2"),
        (f"{READER}:1234", READER),
        ("192.168.1.7", "192.168.1.7"),
        ("2001:db8::7, ::1", "2001:db8::7"),
    ],
)
def test_the_walk_from_the_right_ends_at_the_first_hop_that_is_not_trusted(
    forwarded: str, address: str
) -> None:
    assert client(forwarded) == octets(address)


@pytest.mark.parametrize(
    "forwarded", [None, "", " ", "unknown", f"{READER}, unknown", "unix:", ","]
)
def test_a_trusted_proxy_that_names_nobody_leaves_the_reader_unknown(forwarded: str | None) -> None:
    assert client(forwarded) is None


@given(header_text, addresses.filter(lambda text: not Proxies().trusts(octets(text))))
def test_whatever_a_client_writes_in_front_changes_nothing_behind_a_trusted_proxy(
    written: str, reader: str
) -> None:
    assert client(f"{written}, {reader}", trusted="127.0.0.0/8,::1") == octets(reader)
    assert client(f"{written}, {reader}, 127.0.0.2", trusted="127.0.0.0/8,::1") == octets(reader)


@given(header_text, st.sampled_from(["198.51.100.1", "2001:db8::1", "127.0.0.1", "::1"]))
def test_whatever_a_client_writes_that_nobody_vouches_for_changes_nothing(
    written: str, peer: str
) -> None:
    assert client(written, peer=peer, trusted="") == octets(peer)
    assert client(None, peer=peer, trusted="") == octets(peer)


@given(header_text)
def test_a_private_peer_that_forwards_untrusted_is_a_proxy_nobody_named(written: str) -> None:
    assert client(written, peer="172.18.0.2") is None
    assert client(None, peer="172.18.0.2") == octets("172.18.0.2")


def test_a_unix_socket_is_trusted_unless_told_otherwise() -> None:
    headers = {b"x-forwarded-for": READER.encode()}
    assert Proxies().client("", headers) == octets(READER)
    assert Proxies().trusts_peer("")
    assert Proxies(trust_unix_socket=False).client("", headers) is None
    assert not Proxies(trust_unix_socket=False).trusts_peer("")


def test_another_header_is_read_only_where_it_is_named_and_only_from_a_trusted_proxy() -> None:
    headers = {b"cf-connecting-ip": READER.encode(), b"x-forwarded-for": b"198.51.100.2"}
    named = Proxies(client_header=b"cf-connecting-ip")
    assert named.client("127.0.0.1", headers) == octets(READER)
    assert named.client("198.51.100.1", headers) == octets("198.51.100.1")
    assert Proxies().client("127.0.0.1", headers) == octets("198.51.100.2")


def test_a_named_header_that_says_nothing_leaves_the_usual_walk() -> None:
    named = Proxies(client_header=b"cf-connecting-ip")
    headers = {b"cf-connecting-ip": b"unknown", b"x-forwarded-for": READER.encode()}
    assert named.client("127.0.0.1", headers) == octets(READER)
    assert named.client("127.0.0.1", {}) is None


def test_headers_that_are_never_believed_change_nothing() -> None:
    names = b"cf-connecting-ip x-real-ip forwarded true-client-ip x-client-ip x-forwarded-host"
    headers = dict.fromkeys(names.split(), b"192.0.2.66")
    forwarded = headers | {b"x-forwarded-for": READER.encode()}
    assert Proxies().client("127.0.0.1", forwarded) == octets(READER)
    assert Proxies().client("198.51.100.1", headers) == octets("198.51.100.1")


def test_disbelief_is_told_with_the_peer_that_forwards() -> None:
    told: list[str] = []
    proxies = Proxies(on_disbelief=told.append)
    proxies.client("198.51.100.1", {})
    proxies.client("127.0.0.1", {b"x-forwarded-for": READER.encode()})
    assert told == []
    proxies.client("198.51.100.1", {b"x-forwarded-for": READER.encode()})
    assert told == ["198.51.100.1"]


def test_a_network_is_an_ipv4_address_or_an_ipv6_64() -> None:
    assert network_of(octets(READER)) == octets(READER)
    assert network_of(octets("2001:db8:1:2::9")) == network_of(octets("2001:db8:1:2:3:4:5:6"))
    assert network_of(octets("2001:db8:1:2::9")) != network_of(octets("2001:db8:1:3::9"))


def test_only_ipv6_networks_lie_in_a_48() -> None:
    assert prefix_of(network_of(octets(READER))) is None
    prefixes = {prefix_of(network_of(octets(f"2001:db8:1:{number:x}::"))) for number in range(9)}
    assert len(prefixes) == 1
    assert prefix_of(network_of(octets("2001:db8:2::"))) not in prefixes


def test_the_named_ranges_are_those_of_the_rfcs() -> None:
    for text in ("127.0.0.1", "127.9.9.9", "::1"):
        assert any(range_.holds(octets(text)) for range_ in LOOPBACK)
    for text in ("10.1.2.3", "172.31.0.1", "192.168.0.1", "169.254.1.1", "fd00::1"):
        assert any(range_.holds(octets(text)) for range_ in PRIVATE)
    for text in ("172.32.0.1", "100.64.0.1", "8.8.8.8", "2001:db8::1"):
        assert not any(range_.holds(octets(text)) for range_ in [*LOOPBACK, *PRIVATE])


@pytest.mark.parametrize("written", [f"{READER},", f"{READER}, ,", f",{READER}", f", {READER} ,,"])
def test_empty_elements_of_the_list_are_passed_over(written: str) -> None:
    assert client(written) == octets(READER)


def test_a_peer_that_is_no_address_is_not_trusted() -> None:
    assert not Proxies().trusts_peer("testclient")
    assert Proxies().trusts_peer("")
