"""Which traffic does not count: bots, and the people and machines a tenant calls internal. Marked, never deleted."""

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

COUNTS, BOT, INTERNAL = 0, 1, 2  # values of ingestion.models.Exclusion
CLIENT_SIDE = ("browser", "mobile")
_BOT = re.compile(
    r"(?<!cu)bot\b|bot[/_;-]|crawl|spider|slurp|headless|phantomjs|lighthouse|pingdom|uptime|monitor(?:ing)?[/ ]"
    r"|preview|facebookexternalhit|embedly|whatsapp/|curl/|wget/|python-requests|python-urllib|go-http-client|scrapy"
    r"|selenium|puppeteer|playwright|cypress|statuscake|newrelic|datadog|gtmetrix|ahrefs|semrush|bytespider|gptbot",
    re.IGNORECASE,
)

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class Rules:
    """What a tenant excludes as internal. E-mail domains are lowercase and cover their subdomains."""

    email_domains: frozenset[str] = frozenset()
    user_ids: frozenset[str] = frozenset()
    account_keys: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = field(default=())


def rules_from(pairs: Iterable[tuple[str, str]]) -> Rules:
    """Rules from (kind, value) rows. Values were checked by `clean_value` when they were stored."""
    by_kind: dict[str, list[str]] = {}
    for kind, value in pairs:
        by_kind.setdefault(kind, []).append(value)
    return Rules(
        email_domains=frozenset(by_kind.get("email_domain", ())),
        user_ids=frozenset(by_kind.get("user_id", ())),
        account_keys=frozenset(by_kind.get("account_key", ())),
        networks=tuple(ipaddress.ip_network(value) for value in by_kind.get("network", ())),
    )


def clean_value(kind: str, value: str) -> str:
    """The value as it is stored. Raises ValueError, with words on what to write instead."""
    value = value.strip()
    if not value:
        raise ValueError("Write a value.")
    if kind == "email_domain":
        value = value.lower().rpartition("@")[2].strip(".")
        if "." not in value or " " in value:
            raise ValueError("Write a domain, for example acme.com.")
    if kind == "network":
        try:
            value = str(ipaddress.ip_network(value, strict=False))
        except ValueError:
            raise ValueError("Write an IP address or a range, for example 203.0.113.0/24.") from None
    return value


@lru_cache(maxsize=4096)
def is_bot(user_agent: str) -> bool:
    """True when the user agent names a crawler, a monitor or an automated browser."""
    return _BOT.search(user_agent[:512]) is not None


def of_event(context: Mapping[str, Any], *, source_kind: str, client: Mapping[str, Any], rules: Rules) -> int:
    """Why this event does not count by what it says about its sender alone, or COUNTS. The request's own user agent and
    address are read only where the sender is the user's device: a server's are the server's."""
    device = client if source_kind in CLIENT_SIDE else {}
    user_agent = context.get("userAgent") or device.get("user_agent")
    if isinstance(user_agent, str) and is_bot(user_agent):
        return BOT
    if rules.networks and _is_inside(context.get("ip") or device.get("ip"), rules.networks):
        return INTERNAL
    return COUNTS


def of_person(*, user_ids: Iterable[str], email: str, rules: Rules) -> int:
    """INTERNAL when a user id or the domain of the e-mail is excluded, else COUNTS."""
    if not rules.user_ids.isdisjoint(user_ids):
        return INTERNAL
    domain = email.lower().rpartition("@")[2]
    parents = domain.split(".") if rules.email_domains and domain else []
    suffixes = (".".join(parents[start:]) for start in range(len(parents)))
    return INTERNAL if any(suffix in rules.email_domains for suffix in suffixes) else COUNTS


def of_account(*, key: str, rules: Rules) -> int:
    """INTERNAL when the account is excluded, else COUNTS."""
    return INTERNAL if key in rules.account_keys else COUNTS


def _is_inside(address: Any, networks: tuple[Network, ...]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)
