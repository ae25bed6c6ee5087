"""Whose a CRM's records are, and what the CRM has said of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from ingestion.models import CrmConnection, TraitValue
from ingestion.queries.sql import fetch
from ingestion.rules.domains import clean_domain, is_of_company

# The ways in which people write a domain into a trait.
_SPELLINGS = tuple(
    f"{scheme}{www}{{}}{end}"
    for scheme in ("", "http://", "https://")
    for www in ("", "www.")
    for end in ("", "/")
)
_ACCOUNTS_BY_KEY = """
SELECT key, key, id FROM ingestion_account WHERE tenant_id = %(tenant_id)s AND key = ANY(%(wanted)s::text[])
"""
_ACCOUNTS_BY_DOMAIN = """
SELECT w.domain, a.key, a.id
FROM unnest(%(domains)s::text[], %(spelled)s::text[]) AS w(domain, spelled)
CROSS JOIN LATERAL (
    SELECT key, id FROM ingestion_account WHERE tenant_id = %(tenant_id)s AND key = w.spelled
    UNION
    SELECT key, id FROM ingestion_account WHERE tenant_id = %(tenant_id)s AND traits ->> 'domain' = w.spelled
    UNION
    SELECT key, id FROM ingestion_account WHERE tenant_id = %(tenant_id)s AND traits ->> 'website' = w.spelled) a
"""
_PERSONS_BY_KEY = """
SELECT value, value, id FROM ingestion_identity
WHERE tenant_id = %(tenant_id)s AND kind = 1 AND value = ANY(%(wanted)s::text[])
"""
# A person may have several user ids: the first is told, as their traits are one.
_PERSONS_BY_EMAIL = """
SELECT lower(p.email), i.value, i.id
FROM unnest(%(wanted)s::text[]) AS w(email)
JOIN ingestion_person p ON p.tenant_id = %(tenant_id)s AND lower(p.email) = w.email AND p.email <> ''
    AND p.merged_into_id IS NULL
CROSS JOIN LATERAL (
    SELECT value, id FROM ingestion_identity
    WHERE tenant_id = %(tenant_id)s AND person_id = p.id AND kind = 1 ORDER BY id LIMIT 1) i
"""
_SAID = """
SELECT DISTINCT ON (subject_id, name) subject_id, name, value FROM ingestion_traitvalue
WHERE tenant_id = %(tenant_id)s AND subject_kind = %(kind)s AND subject_id = ANY(%(ids)s::bigint[])
    AND name = ANY(%(names)s::text[]) AND origin = %(origin)s
ORDER BY subject_id, name, valid_from DESC, message_id COLLATE "C" DESC
"""


@dataclass(frozen=True)
class Subject:
    """Who is told: the group id or user id, and the id that traits are kept under (account, or identity)."""

    key: str
    id: int


def subjects_of(connection: CrmConnection, matches: Iterable[str]) -> dict[str, list[Subject]]:
    """By what the records say whose they are, who that is here. Domains and addresses may be several's. 1 query."""
    wanted = {match.strip() for match in matches if match.strip() and "\0" not in match}
    is_account = connection.about == CrmConnection.About.ACCOUNT
    if connection.match_field:
        return _grouped(fetch(_ACCOUNTS_BY_KEY if is_account else _PERSONS_BY_KEY, wanted=sorted(wanted)))
    if not is_account:
        lower = {match: match.lower() for match in wanted}
        found = _grouped(fetch(_PERSONS_BY_EMAIL, wanted=sorted(set(lower.values()))))
        return {match: found[address] for match, address in lower.items() if address in found}
    domains = {match: domain for match in wanted if (domain := _company_domain(match))}
    pairs = [(domain, way.format(domain)) for domain in set(domains.values()) for way in _SPELLINGS]
    rows = fetch(
        _ACCOUNTS_BY_DOMAIN, domains=[each[0] for each in pairs], spelled=[each[1] for each in pairs]
    )
    found = _grouped(rows)
    return {match: found[domain] for match, domain in domains.items() if domain in found}


def said_by_crm(kind: int, ids: Iterable[int], names: Iterable[str]) -> dict[tuple[int, str], Any]:
    """What a CRM said last of these subjects, by subject and trait. 1 query."""
    rows = fetch(_SAID, kind=kind, ids=list(ids), names=list(names), origin=int(TraitValue.Origin.CRM))
    return {(id, name): None if value is None else orjson.loads(value) for id, name, value in rows}


def _grouped(rows: Iterable[Any]) -> dict[str, list[Subject]]:
    found: dict[str, dict[int, Subject]] = {}
    for match, key, id in rows:
        found.setdefault(match, {})[id] = Subject(key, id)
    return {match: list(subjects.values()) for match, subjects in found.items()}


def _company_domain(text: str) -> str:
    try:
        domain = clean_domain(text)
    except ValueError:
        return ""
    return domain if is_of_company(domain) else ""


def connections() -> list[CrmConnection]:
    """All of the tenant, by name. 1 query."""
    return list(CrmConnection.objects.order_by("name"))
