"""Which lists hold a person and their account: for a decision that is made now, by what the lists say now."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from ingestion.models import Account, Identity, Person
from ingestion.queries.lists import BUILT_IN
from ingestion.queries.sql import fetch
from ingestion.rules.domains import clean_domain, covering
from tenants.models import BusinessUnit

DOMAIN_TRAITS = ("email", "domain", "website")

# One look-up for each value and list: a list may have 200,000 rows.
_HOLDING = """
SELECT DISTINCT l.name FROM (
    SELECT 'domain' AS kind, unnest(%(domains)s::text[]) AS value
    UNION ALL SELECT 'account_key', %(account_key)s
    UNION ALL SELECT 'user_id', value FROM ingestion_identity
        WHERE tenant_id = %(tenant_id)s AND person_id = %(person)s AND kind = %(user)s
) asked
JOIN ingestion_list l ON l.tenant_id = %(tenant_id)s AND l.kind = asked.kind AND l.archived_at IS NULL
    AND l.business_unit_id = ANY(%(units)s::uuid[])
JOIN ingestion_listrow r ON r.tenant_id = %(tenant_id)s AND r.list_id = l.id AND r.until IS NULL
    AND r.value = asked.value
WHERE r.expires_on IS NULL OR r.expires_on >= (
    SELECT (%(now)s::timestamptz AT TIME ZONE time_zone)::date FROM tenants_tenant WHERE id = %(tenant_id)s)
"""


def lists_holding(
    person: Person | None, account: Account | None, *, unit: BusinessUnit, now: datetime
) -> frozenset[str]:
    """Names of the lists, those of the unit and the units above it and those built in, that hold the person's user ids,
    the account's id, or a domain: of the e-mail address, of the traits DOMAIN_TRAITS, or of an account id that is one.
    1 query."""
    domains = _domains(person, account)
    rows = fetch(
        _HOLDING,
        domains=[value for domain in domains for value in covering(domain)],
        account_key=account.key if account else None,
        person=person.pk if person else None,
        user=int(Identity.Kind.USER),
        units=list(unit.lineage),
        now=now,
    )
    built_in = (str(row.name) for row in BUILT_IN.values() if row.holds_any(domains))
    return frozenset([*(row[0] for row in rows), *built_in])


def _domains(person: Person | None, account: Account | None) -> set[str]:
    texts = [person.email if person else "", account.key if account else ""]
    for subject in (person, account):
        traits: Mapping[str, Any] = subject.traits if subject else {}
        texts += [traits[name] for name in DOMAIN_TRAITS if isinstance(traits.get(name), str)]
    return set(_readable(texts))


def _readable(texts: Iterable[str]) -> Iterable[str]:
    for text in texts:
        try:
            yield clean_domain(text)
        except ValueError:  # a workspace's number, an empty trait
            continue
