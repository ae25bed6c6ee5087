"""Who is meant by an e-mail address or a domain, for rows of files that know no ids. One query each for a slice."""

from collections.abc import Iterable
from typing import Any

from ingestion.queries.sql import fetch
from ingestion.rules.types import Rejection

_USERS = """
SELECT r.email, count(DISTINCT p.id), min(i.value)
FROM unnest(%(emails)s::text[]) AS r(email)
JOIN ingestion_person p ON p.tenant_id = %(tenant_id)s AND p.email <> '' AND p.merged_into_id IS NULL
    AND lower(p.email) = r.email
JOIN ingestion_identity i ON i.tenant_id = %(tenant_id)s AND i.person_id = p.id AND i.kind = 1
GROUP BY r.email
"""
_ACCOUNTS = """
SELECT r.domain, count(*), min(a.key)
FROM unnest(%(domains)s::text[]) AS r(domain)
JOIN ingestion_account a ON a.tenant_id = %(tenant_id)s AND (a.traits ->> 'domain') = r.domain
GROUP BY r.domain
"""
_KNOWN_KEYS = """
SELECT key FROM ingestion_account WHERE tenant_id = %(tenant_id)s AND key = ANY(%(domains)s::text[])
"""


def address(items: Iterable[dict[str, Any]]) -> dict[int, Rejection]:
    """Fill in the user id of items that have an e-mail only, and the account of those that have a domain only. Unknown
    ones get the e-mail or the domain itself as their id. Returns what is refused, by the item's place: an address that
    several persons or accounts share."""
    items = list(items)
    refused: dict[int, Rejection] = {}
    emails = {item["email"] for item in items if _needs_user(item)}
    domains = {item["domain"] for item in items if _needs_account(item)}
    users = {row[0]: row[1:] for row in fetch(_USERS, emails=list(emails))} if emails else {}
    accounts = {row[0]: row[1:] for row in fetch(_ACCOUNTS, domains=list(domains))} if domains else {}
    keys = {row[0] for row in fetch(_KNOWN_KEYS, domains=list(domains))} if domains else set()
    for place, item in enumerate(items):
        email, domain = item.get("email"), item.get("domain")
        if _needs_user(item):
            number, user_id = users.get(email, (1, email))
            if number > 1:
                refused[place] = Rejection(
                    "shared_email", f"{number} persons have the e-mail {email}. Map a column of user ids."
                )
            item["userId"] = user_id
        if _needs_account(item):
            number, key = (1, domain) if domain in keys else accounts.get(domain, (1, domain))
            if number > 1:
                refused[place] = Rejection(
                    "shared_domain",
                    f"{number} accounts have the domain {domain}. Map a column of account ids.",
                )
            _place(item, key)
    return refused


def _needs_user(item: dict[str, Any]) -> bool:
    return bool(item.get("email")) and not item.get("userId") and not item.get("anonymousId")


def _needs_account(item: dict[str, Any]) -> bool:
    return bool(item.get("domain")) and not item.get("groupId") and not item.get("context", {}).get("groupId")


def _place(item: dict[str, Any], key: str) -> None:
    if item["type"] == "group":
        item["groupId"] = key
    else:
        item.setdefault("context", {})["groupId"] = key
