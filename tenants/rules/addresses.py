"""Which addresses of a tenant's choice we may reach. Pure.

An explicit list: `ipaddress.is_global` is true for addresses that lead inside (NAT64, 6to4, site-local, multicast).
"""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

ALLOWED_PORTS = {443, 8443}
_REFUSED_V4 = [
    ip_network(block)
    for block in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, cloud metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
]
# The only block given out so far; mapped, NAT64, local and multicast lie outside.
_PUBLIC_V6 = ip_network("2000::/3")
_REFUSED_V6 = [
    ip_network(block)
    for block in (
        "2001::/23",  # Teredo, ORCHID and other protocols
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: carries any IPv4 address
        "3fff::/20",  # documentation
    )
]


def is_public(text: str) -> bool:
    """True when the IP address is on the public internet. Raises ValueError when it is no IP address."""
    address: IPv4Address | IPv6Address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv4Address):
        return not any(address in block for block in _REFUSED_V4)
    return address in _PUBLIC_V6 and not any(address in block for block in _REFUSED_V6)


def problem_with_url(url: str, *, allow_private: bool) -> str:
    """Why nothing may be sent to this URL, or "". allow_private (development) also allows http and any port.
    Names are looked up only when sending: what they point to can change."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "malformed"
    if parts.scheme != "https" and not (allow_private and parts.scheme == "http"):
        return "not_https"
    if not parts.hostname or not parts.netloc.isascii() or any(ord(char) <= 32 for char in url):
        return "malformed"
    if parts.username is not None or parts.password is not None:
        return "has_login"
    if not allow_private and (port or 443) not in ALLOWED_PORTS:
        return "port"
    return "" if allow_private or not _is_private_literal(parts.hostname) else "private"


def _is_private_literal(host: str) -> bool:
    try:
        return not is_public(host)
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal"))
