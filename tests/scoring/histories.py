"""Writes persons, accounts, activity and traits straight into the tables that scoring reads."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import count

from django.db import connection

from ingestion.models import Account, Identity, Person, Touched, TraitValue
from ingestion.models.events import Activity
from tenants.context import current_tenant_id
from tenants.models import Tenant

_ids = count(1_000_000)


def make_person(user: str, now: datetime) -> Person:
    person = Person.objects.create(label=user, first_seen_at=now, last_seen_at=now)
    Identity.objects.create(kind=Identity.Kind.USER, value=user, person=person)
    return person


def make_account(key: str, now: datetime) -> Account:
    return Account.objects.create(key=key, first_seen_at=now, last_seen_at=now)


def identity_of(person: Person) -> int:
    return Identity.objects.filter(person=person).order_by("pk").values_list("pk", flat=True)[0]


@dataclass(frozen=True)
class Did:
    """An event of a person that matched an action version."""

    person: Person
    action: int
    ts: datetime
    account: Account | None = None
    number: Decimal | None = None
    received_at: datetime | None = None
    exclusion: int = 0


def add_activity(rows: Iterable[Did], *, touch: bool = True) -> None:
    """Insert, and touch the persons and accounts as the fold does."""
    rows = list(rows)
    zone = Tenant.objects.get(pk=current_tenant_id()).zone
    identities = {row.person.pk: identity_of(row.person) for row in rows}
    Activity.objects.bulk_create(
        [
            Activity(
                event_id=next(_ids),
                action_version_id=row.action,
                identity_id=identities[row.person.pk],
                account_id=row.account.pk if row.account else None,
                ts=row.ts,
                received_at=row.received_at or row.ts,
                local_day=row.ts.astimezone(zone).date(),
                number=row.number,
                exclusion=row.exclusion,
            )
            for row in rows
        ]
    )
    if touch:
        touched = {(1, row.person.pk) for row in rows} | {(2, row.account.pk) for row in rows if row.account}
        Touched.objects.bulk_create(
            [Touched(subject_kind=kind, subject_id=pk) for kind, pk in sorted(touched)]
        )


def add_trait(
    person: Person | None,
    name: str,
    value: str | int | None,
    valid_from: datetime,
    *,
    account: Account | None = None,
    received_at: datetime | None = None,
    message_id: str = "",
) -> None:
    """A trait value of a person's first identity, or of an account."""
    subject_kind, subject_id = (2, account.pk) if account else (1, identity_of(person))
    TraitValue.objects.create(
        subject_kind=subject_kind,
        subject_id=subject_id,
        name=name,
        value=value,
        text=None if value is None else str(value).lower(),
        number=value if isinstance(value, int) else None,
        valid_from=valid_from,
        received_at=received_at or valid_from,
        message_id=message_id or f"m{next(_ids)}",
    )


def all_rows(sql: str, *values: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()
