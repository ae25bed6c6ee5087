"""Which traffic does not count: bots, and the people and machines a tenant calls internal. Marked, never deleted."""

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from ingestion.rules.filters import holds
from ingestion.rules.traits import canonical_name

COUNTS, BOT, INTERNAL = 0, 1, 2  # values of ingestion.models.Exclusion
CLIENT_SIDE = ("browser", "mobile")
SHORTEST_USER_AGENT = 4  # characters; fewer are in every browser's
_BOT = re.compile(
    r"(?<!cu)bot\b|bot[/_;-]|crawl|spider|slurp|headless|phantomjs|lighthouse|pingdom|uptime|monitor(?:ing)?[/ ]"
    r"|preview|facebookexternalhit|embedly|whatsapp/|curl/|wget/|python-requests|python-urllib|go-http-client|scrapy"
    r"|selenium|puppeteer|playwright|cypress|statuscake|newrelic|datadog|gtmetrix|ahrefs|semrush|bytespider|gptbot",
    re.IGNORECASE,
)

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Reason = tuple[str, str]  # kind and value of the rule that marks
Trait = tuple[str, str]  # name, lowercase value


@dataclass(frozen=True)
class Rules:
    """What a tenant excludes as internal. E-mail domains are lowercase and cover their subdomains."""

    email_domains: frozenset[str] = frozenset()
    user_ids: frozenset[str] = frozenset()
    account_keys: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = field(default=())
    user_agents: tuple[str, ...] = ()
    person_traits: tuple[Trait, ...] = ()
    account_traits: tuple[Trait, ...] = ()
    blocked_groups: frozenset[str] = frozenset()  # group ids that are no account


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
        user_agents=tuple(by_kind.get("user_agent", ())),
        person_traits=tuple(split_trait(value) for value in by_kind.get("person_trait", ())),
        account_traits=tuple(split_trait(value) for value in by_kind.get("account_trait", ())),
        blocked_groups=frozenset(by_kind.get("group_id", ())),
    )


def split_trait(value: str) -> Trait:
    """Name and value of a stored trait rule, “name = value”. The value may contain further equals signs."""
    name, _equals, wanted = value.partition("=")
    return name.strip(), wanted.strip()


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
    if kind == "user_agent":
        value = " ".join(value.lower().split())
        if len(value) < SHORTEST_USER_AGENT:
            raise ValueError(
                f"Write at least {SHORTEST_USER_AGENT} characters of the user agent, for example acme-e2e/."
            )
    if kind in ("person_trait", "account_trait"):
        name, wanted = split_trait(value)
        if not name or not wanted:
            raise ValueError("Write a trait and its value, for example is_internal = true.")
        value = f"{canonical_name(name)} = {wanted.lower()}"
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
    if source_kind in CLIENT_SIDE and is_named_agent(user_agent, rules.user_agents):
        return INTERNAL
    if rules.networks and is_inside(context.get("ip") or device.get("ip"), rules.networks):
        return INTERNAL
    return COUNTS


def is_named_agent(user_agent: Any, texts: Iterable[str]) -> bool:
    """Whether a user agent contains one of these lowercase texts."""
    return isinstance(user_agent, str) and any(text in user_agent.lower() for text in texts)


def why_person(
    *, user_ids: Iterable[str], email: str, traits: Mapping[str, Any], rules: Rules
) -> list[Reason]:
    """Every rule that makes this person internal: by a user id, the domain of the e-mail or a trait."""
    domain = email.lower().rpartition("@")[2]
    parents = domain.split(".") if rules.email_domains and domain else []
    suffixes = (".".join(parents[start:]) for start in range(len(parents)))
    return [
        *(("user_id", user_id) for user_id in user_ids if user_id in rules.user_ids),
        *(("email_domain", suffix) for suffix in suffixes if suffix in rules.email_domains),
        *_why_traits("person_trait", traits, rules.person_traits),
    ]


def why_account(*, key: str, traits: Mapping[str, Any], rules: Rules) -> list[Reason]:
    """Every rule that makes this account internal: by its group id or a trait."""
    named = [("account_key", key)] if key in rules.account_keys else []
    return [*named, *_why_traits("account_trait", traits, rules.account_traits)]


def of_person(*, user_ids: Iterable[str], email: str, traits: Mapping[str, Any], rules: Rules) -> int:
    """INTERNAL when a rule names the person, else COUNTS."""
    return INTERNAL if why_person(user_ids=user_ids, email=email, traits=traits, rules=rules) else COUNTS


def of_account(*, key: str, traits: Mapping[str, Any], rules: Rules) -> int:
    """INTERNAL when a rule names the account, else COUNTS."""
    return INTERNAL if why_account(key=key, traits=traits, rules=rules) else COUNTS


def _why_traits(kind: str, traits: Mapping[str, Any], wanted: Iterable[Trait]) -> list[Reason]:
    return [
        (kind, f"{name} = {value}")
        for name, value in wanted
        if name in traits and holds({"op": "eq", "property": name, "value": value}, traits)
    ]


def is_inside(address: Any, networks: tuple[Network, ...]) -> bool:
    """Whether a text is an address in one of the networks."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)
