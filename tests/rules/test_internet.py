"""Which addresses are public: each special range, at both its ends, and its neighbours."""

from __future__ import annotations

import pytest

from likewise.addresses import parse_address
from likewise.transfer.internet import is_loopback, is_public

SPECIAL = """
0.0.0.0 0.255.255.255 10.0.0.0 10.255.255.255 100.64.0.0 100.100.100.200 100.127.255.255
127.0.0.1 127.255.255.255 168.63.129.16 169.254.0.0 169.254.169.254 169.254.255.255
172.16.0.0 172.31.255.255 192.0.0.0 192.0.0.192 192.0.2.1 192.88.99.1 192.168.0.0 192.168.255.255
198.18.0.0 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1
255.255.255.255
:: ::1 ::10.0.0.1 100::1 fc00::1 fd00:ec2::254 fdff::1 fe80::1 febf::1 fec0::1 ff02::1
2001::1 2001:0:a00:1:: 2001:2::1 2001:10::1 2001:20::1 2001:db8::1 3fff::1 3fff:fff::1 4000::1
2002:a00:1:: 2002:7f00:1:: 2002:5db8:d822::
::ffff:10.0.0.1 ::ffff:127.0.0.1 ::ffff:169.254.169.254 ::ffff:0:10.0.0.1
64:ff9b::10.0.0.1 64:ff9b::127.0.0.1 64:ff9b::169.254.169.254 64:ff9b::192.168.1.1
64:ff9b:1::10.0.0.1 64:ff9b:1::8.8.8.8
""".split()
PUBLIC = """
1.1.1.1 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0
168.63.129.15 169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.0 192.167.255.255
192.169.0.0 198.17.255.255 198.20.0.0 223.255.255.255
2001:200::1 2606:4700::1111 2a00:1450:4001::1 3ffe::1 2003::1
::ffff:8.8.8.8 64:ff9b::8.8.8.8
""".split()


def address(text: str) -> bytes:
    parsed = parse_address(text)
    assert parsed is not None
    return parsed


@pytest.mark.parametrize("text", SPECIAL)
def test_special_addresses_are_not_public(text: str) -> None:
    assert not is_public(address(text))


@pytest.mark.parametrize("text", PUBLIC)
def test_other_addresses_are_public(text: str) -> None:
    assert is_public(address(text))


@pytest.mark.parametrize("text", ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"])
def test_loopback_is_this_machine(text: str) -> None:
    assert is_loopback(address(text))


@pytest.mark.parametrize("text", ["126.255.255.255", "128.0.0.1", "10.0.0.1", "::", "::2"])
def test_nothing_else_is_this_machine(text: str) -> None:
    assert not is_loopback(address(text))
