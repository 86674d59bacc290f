"""Hosts are read out of headers and URLs in one way."""

from __future__ import annotations

import pytest

from likewise.hosts import host_in, is_this_machine


@pytest.mark.parametrize(
    ("authority", "host"),
    [
        ("localhost", "localhost"),
        ("LOCALHOST:8000", "localhost"),
        ("127.0.0.1:1", "127.0.0.1"),
        ("[::1]", "::1"),
        ("[::1]:8000", "::1"),
        ("[2001:DB8::1]:80", "2001:db8::1"),
        ("Example.com:", "example.com"),
        ("[::1]evil", ""),
        ("", ""),
    ],
)
def test_host_is_without_port_case_and_brackets(authority: str, host: str) -> None:
    assert host_in(authority) == host


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_this_machine_has_three_names(host: str) -> None:
    assert is_this_machine(host)


@pytest.mark.parametrize("host", ["", "localhost.example", "127.0.0.2", "example.com", ":"])
def test_another_host_is_another_machine(host: str) -> None:
    assert not is_this_machine(host)
