"""What a tenant's webhook may reach."""

import pytest

from tenants.rules.addresses import is_public, problem_with_url

REFUSED = [
    "0.0.0.7", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.255.255.255", "169.254.169.254", "172.16.0.1",
    "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.7",
    "203.0.113.9", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "::a9fe:a9fe", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1", "100::1", "2001::1", "2001:10::1", "2001:db8::1", "2002:7f00:1::", "3fff::1", "fc00::1",
    "fd12:3456::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1",
]  # fmt: skip


@pytest.mark.parametrize("address", REFUSED)
def test_is_public_refuses(address):
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "8.8.8.8", "93.184.216.34", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00::1"],
)
def test_is_public_allows(address):
    assert is_public(address)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("https://hooks.example.com/x", ""),
        ("https://hooks.example.com:8443/x", ""),
        ("https://1.1.1.1/x", ""),
        ("http://hooks.example.com/x", "not_https"),
        ("ftp://hooks.example.com/x", "not_https"),
        ("javascript:alert(1)", "not_https"),
        ("https://user:pw@hooks.example.com/x", "has_login"),
        ("https://user@hooks.example.com/x", "has_login"),
        ("https://hooks.example.com:22/x", "port"),
        ("https://hooks.example.com:99999/x", "malformed"),
        ("https:///x", "malformed"),
        ("https://[::1/x", "malformed"),
        ("https://hooks.exämple.com/x", "malformed"),
        ("https://hooks.example.com/a b", "malformed"),
        ("https://127.0.0.1/x", "private"),
        ("https://[::1]/x", "private"),
        ("https://localhost/x", "private"),
        ("https://db.internal/x", "private"),
    ],
)
def test_problem_with_url(url, problem):
    assert problem_with_url(url, allow_private=False) == problem


def test_problem_with_url_for_developers():
    assert problem_with_url("http://127.0.0.1:9000/x", allow_private=True) == ""
    assert problem_with_url("ftp://127.0.0.1/x", allow_private=True) == "not_https"
