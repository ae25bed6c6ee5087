"""Which activity counts. Activity of an excluded person or account is marked, and marked again when that changes."""

from collections.abc import Collection, Iterable

from ingestion.models import ExclusionRule, IdentityRule
from ingestion.operations.touched import ACCOUNT, PERSON, Subject
from ingestion.queries.sql import execute, fetch
from ingestion.rules.exclusion import Rules, rules_from

_MARK = """
UPDATE ingestion_activity c SET exclusion = w.exclusion
FROM (
    SELECT c.event_id, c.action_version_id,
        COALESCE(NULLIF(c.own_exclusion, 0), NULLIF(p.exclusion, 0), a.exclusion, 0) AS exclusion
    FROM ingestion_activity c
    JOIN ingestion_identity i ON i.tenant_id = %(tenant_id)s AND i.id = c.identity_id
    JOIN ingestion_person p ON p.tenant_id = %(tenant_id)s AND p.id = i.person_id
    LEFT JOIN ingestion_account a ON a.tenant_id = %(tenant_id)s AND a.id = c.account_id
    WHERE c.tenant_id = %(tenant_id)s
      AND (c.identity_id = ANY(%(identities)s::bigint[]) OR c.account_id = ANY(%(accounts)s::bigint[]))
) w
WHERE c.tenant_id = %(tenant_id)s AND c.event_id = w.event_id AND c.action_version_id = w.action_version_id
  AND c.exclusion <> w.exclusion
"""
_IDENTITIES_OF = (
    "SELECT id FROM ingestion_identity WHERE tenant_id = %(tenant_id)s AND person_id = ANY(%(ids)s::bigint[])"
)
_ACCOUNTS_OF = """
SELECT account_id FROM ingestion_accountmembership
WHERE tenant_id = %(tenant_id)s AND identity_id = ANY(%(ids)s::bigint[])
UNION SELECT m.account_id FROM ingestion_identity i
JOIN ingestion_accountmembership m ON m.tenant_id = %(tenant_id)s AND m.identity_id = i.id
WHERE i.tenant_id = %(tenant_id)s AND i.person_id = ANY(%(persons)s::bigint[])
"""
_PERSONS_IN = """
SELECT DISTINCT i.person_id FROM ingestion_accountmembership m
JOIN ingestion_identity i ON i.tenant_id = %(tenant_id)s AND i.id = m.identity_id
WHERE m.tenant_id = %(tenant_id)s AND m.account_id = ANY(%(ids)s::bigint[])
"""


def exclusion_rules() -> Rules:
    """What this tenant calls internal, and which group ids it says stand for nobody."""
    blocked = IdentityRule.objects.filter(kind=IdentityRule.Kind.GROUP_ID)
    pairs = ExclusionRule.objects.values_list("kind", "value")
    return rules_from(pairs.union(blocked.values_list("kind", "value"), all=True))


def mark_persons_again(
    persons: Collection[int], moved_identities: Iterable[int] = (), moved: Collection[int] = ()
) -> set[Subject]:
    """Mark the activity of persons whose exclusion changed, and of identities that changed their person. Returns whose
    scores that concerns; also the accounts of the persons `moved` from and to, whose touches are others now."""
    identities = list(moved_identities)
    if persons:
        identities += [row[0] for row in fetch(_IDENTITIES_OF, ids=list(persons))]
    if not identities:
        return set()
    execute(_MARK, identities=identities, accounts=[])
    accounts = {(ACCOUNT, row[0]) for row in fetch(_ACCOUNTS_OF, ids=identities, persons=list(moved))}
    return accounts | {(PERSON, id) for id in persons}


def mark_accounts_again(accounts: Collection[int]) -> set[Subject]:
    """The same for accounts whose exclusion changed."""
    if not accounts:
        return set()
    execute(_MARK, identities=[], accounts=list(accounts))
    persons = {(PERSON, row[0]) for row in fetch(_PERSONS_IN, ids=list(accounts))}
    return persons | {(ACCOUNT, id) for id in accounts}
