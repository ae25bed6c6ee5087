"""Persons and accounts as higher rooms see them, and what was known of them when."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.utils.translation import gettext as _

from ingestion.models import Account, AccountMembership, Identity, Person, Touched
from ingestion.queries.sql import as_json, fetch

_LAST_ACCOUNTS = """
SELECT DISTINCT ON (i.person_id) i.person_id, e.account_id
FROM ingestion_identity i
CROSS JOIN LATERAL (
    SELECT account_id, ts, id FROM ingestion_event
    WHERE tenant_id = %(tenant_id)s AND identity_id = i.id AND account_id IS NOT NULL
    ORDER BY ts DESC, id DESC LIMIT 1) e
WHERE i.tenant_id = %(tenant_id)s AND i.person_id = ANY(%(ids)s)
ORDER BY i.person_id, e.ts DESC, e.id DESC
"""
_TRAITS = """
SELECT DISTINCT ON (s.subject, t.name) s.subject, t.name, t.value
FROM jsonb_to_recordset(%(rows)s::jsonb) AS s(subject bigint, holder bigint)
JOIN ingestion_traitvalue t
    ON t.tenant_id = %(tenant_id)s AND t.subject_kind = %(kind)s AND t.subject_id = s.holder
WHERE t.name = ANY(%(names)s) AND t.valid_from < %(as_of)s AND t.received_at <= %(known_at)s
ORDER BY s.subject, t.name, t.valid_from DESC, t.message_id COLLATE "C" DESC
"""


@dataclass(frozen=True)
class PersonView:
    """One person. `merged_into_id` is set when its identities belong to another person now."""

    id: int
    label: str
    email: str
    traits: dict[str, Any]
    user_ids: tuple[str, ...]
    anonymous_ids: tuple[str, ...]
    is_identified: bool
    exclusion: int
    first_seen_at: datetime
    last_seen_at: datetime
    merged_into_id: int | None


@dataclass(frozen=True)
class AccountView:
    """One account. `label` is its name, or its group id."""

    id: int
    key: str
    label: str
    traits: dict[str, Any]
    exclusion: int
    first_seen_at: datetime
    last_seen_at: datetime


def person(person_id: int) -> PersonView | None:
    """2 queries."""
    row = Person.objects.filter(pk=person_id).first()
    if row is None:
        return None
    values: dict[int, list[str]] = {}
    for kind, value in (
        Identity.objects.filter(person_id=person_id).order_by("pk").values_list("kind", "value")
    ):
        values.setdefault(kind, []).append(value)
    return PersonView(
        id=row.pk,
        label=_person_label(row.pk, row.label),
        email=row.email,
        traits=row.traits,
        user_ids=tuple(values.get(Identity.Kind.USER, ())),
        anonymous_ids=tuple(values.get(Identity.Kind.ANONYMOUS, ())),
        is_identified=row.is_identified,
        exclusion=row.exclusion,
        first_seen_at=row.first_seen_at,
        last_seen_at=row.last_seen_at,
        merged_into_id=row.merged_into_id,
    )


def account(account_id: int) -> AccountView | None:
    """1 query."""
    row = Account.objects.filter(pk=account_id).first()
    if row is None:
        return None
    return AccountView(
        id=row.pk,
        key=row.key,
        label=row.name or row.key,
        traits=row.traits,
        exclusion=row.exclusion,
        first_seen_at=row.first_seen_at,
        last_seen_at=row.last_seen_at,
    )


def subject_labels(kind: int, ids: Iterable[int]) -> dict[int, str]:
    """What to call persons or accounts (Touched.Kind) in a list. 1 query; unknown ids are left out."""
    if kind == Touched.Kind.ACCOUNT:
        rows = Account.objects.filter(pk__in=list(ids)).values_list("pk", "name", "key")
        return {id: name or key for id, name, key in rows}
    persons = Person.objects.filter(pk__in=list(ids)).values_list("pk", "label")
    return {id: _person_label(id, label) for id, label in persons}


def _person_label(id: int, label: str) -> str:
    return label or _("Unknown visitor %(number)s") % {"number": id}


def account_of_persons(person_ids: Iterable[int]) -> dict[int, int]:
    """The account in which each person was last active; who never was in one is left out. 1 query."""
    return dict(fetch(_LAST_ACCOUNTS, ids=list(person_ids)))


def persons_of_account(account_id: int) -> list[int]:
    """Ids of the persons that belong to the account, oldest member first. 1 query."""
    rows = AccountMembership.objects.filter(account_id=account_id).order_by("valid_from", "pk")
    return list(dict.fromkeys(rows.values_list("identity__person_id", flat=True)))


def traits_as_of(
    kind: int,
    ids: Collection[int],
    names: Collection[str],
    *,
    as_of: datetime,
    known_at: datetime,
) -> dict[int, dict[str, Any]]:
    """The named traits of persons or accounts (Touched.Kind) before `as_of`, of what was received up to `known_at`. An
    emptied trait is None, one never set is absent. 2 queries."""
    holders = [(id, id) for id in ids]
    is_account = kind == Touched.Kind.ACCOUNT
    if not is_account:
        holders = list(Identity.objects.filter(person_id__in=list(ids)).values_list("person_id", "pk"))
    rows = fetch(
        _TRAITS,
        rows=as_json({"subject": subject, "holder": holder} for subject, holder in holders),
        kind=2 if is_account else 1,
        names=list(names),
        as_of=as_of,
        known_at=known_at,
    )
    traits: dict[int, dict[str, Any]] = {id: {} for id in ids}
    for subject, name, value in rows:
        traits[subject][name] = None if value is None else orjson.loads(value)
    return traits
