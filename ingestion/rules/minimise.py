"""Less than was sent: addresses shortened, and only what is allowed of properties and traits. Before anything is
stored, so that what is not wanted is nowhere: not in the inbox, not in the quarantine. Pure."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ingestion.rules.traits import canonical_name

ADDRESS_FIELDS = ("ip", "$ip", "ipAddress", "ip_address")
HELD_IN = ("properties", "traits", "traitsOnce")
PREFIX = {4: 24, 6: 48}  # bits that stay, as most authorities ask


@dataclass(frozen=True)
class Minimum:
    """What may be stored. `allowed`: names of properties and traits; None: all of them."""

    shortens_addresses: bool = False
    allowed: frozenset[str] | None = None

    @property
    def is_everything(self) -> bool:
        return not self.shortens_addresses and self.allowed is None


def minimised(item: Any, minimum: Minimum) -> Any:
    """An item of a request, or what a batch says for all of its items, with no more than may be stored. What is no
    object is left as it is: no event comes of it."""
    if not isinstance(item, Mapping):
        return None if minimum.allowed is not None and item else item
    kept = dict(item)
    for field in HELD_IN:
        if isinstance(kept.get(field), Mapping):
            kept[field] = _fields(kept[field], minimum)
        elif field in kept and minimum.allowed is not None:
            kept[field] = {}  # no object, so it has no allowed names
    context = kept.get("context")
    if isinstance(context, Mapping):
        kept["context"] = _addresses(context, minimum)
        if isinstance(context.get("traits"), Mapping):
            kept["context"]["traits"] = _fields(context["traits"], minimum)
    return kept


def shortened(address: Any) -> Any:
    """An IPv4 address without its last 8 bits, an IPv6 address without its last 80; "" for a text that is neither."""
    if not isinstance(address, str):
        return address
    try:
        parsed = ipaddress.ip_address(address.strip())
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    return str(ipaddress.ip_network(f"{parsed}/{PREFIX[parsed.version]}", strict=False).network_address)


def minimised_client(client: Mapping[str, Any], minimum: Minimum) -> dict[str, Any]:
    """What the request says of its sender."""
    return _addresses(client, minimum)


def _fields(values: Mapping[str, Any], minimum: Minimum) -> dict[str, Any]:
    kept = _addresses(values, minimum)
    if minimum.allowed is None:
        return kept
    return {
        name: value
        for name, value in kept.items()
        if name in minimum.allowed or canonical_name(name) in minimum.allowed
    }


def _addresses(values: Mapping[str, Any], minimum: Minimum) -> dict[str, Any]:
    if not minimum.shortens_addresses:
        return dict(values)
    return {name: shortened(value) if name in ADDRESS_FIELDS else value for name, value in values.items()}
