"""Lists of persons and accounts, and who belongs to whom."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from ingestion.models import Account, AccountMembership, Identity, Person
from ingestion.queries.paging import Page, newest_first, starts_with
from tenants.viewer import hides_personal_data

FOUND_AT_MOST = 100


@dataclass(frozen=True)
class Member:
    """A person of an account."""

    person: Person
    since: Any


def list_persons(*, cursor: str = "", size: int = 50, with_anonymous: bool = False) -> Page[Person]:
    """Identified persons, or all, the last seen first; who was merged is shown as the other one. Raises BadCursor."""
    rows = Person.objects.filter(merged_into_id=None)
    if not with_anonymous:
        rows = rows.filter(is_identified=True)
    return newest_first(rows, moment="last_seen_at", cursor=cursor, size=size)


def list_accounts(*, cursor: str = "", size: int = 50) -> Page[Account]:
    """All accounts, the last seen first. Raises BadCursor."""
    return newest_first(Account.objects.all(), moment="last_seen_at", cursor=cursor, size=size)


def find_persons(text: str) -> list[Person]:
    """By the beginning of the name or e-mail, or by a whole user or anonymous id. At most
    FOUND_AT_MOST. By a whole id alone where personal data is hidden."""
    wanted = text.strip().lower()
    living = Person.objects.filter(merged_into_id=None)
    keys = Identity.objects.filter(kind__in=[Identity.Kind.USER, Identity.Kind.ANONYMOUS], value=text.strip())
    exact = list(living.filter(pk__in=keys.values("person_id"))[:FOUND_AT_MOST])
    if hides_personal_data():  # who may not see a name must not find it out letter by letter
        return exact
    by_name = living.filter(starts_with("search", wanted)).order_by("search", "pk")
    by_email = living.exclude(email="").filter(starts_with("email", text.strip())).order_by("email", "pk")
    return _distinct([*exact, *by_name[:FOUND_AT_MOST], *by_email[:FOUND_AT_MOST]])


def find_accounts(text: str) -> list[Account]:
    """By the beginning of the name (or the group id, where there is no name), or by a whole group id."""
    exact = list(Account.objects.filter(key=text.strip()))
    by_name = Account.objects.filter(starts_with("search", text.strip().lower())).order_by("search", "pk")
    return _distinct([*exact, *by_name[:FOUND_AT_MOST]])


def accounts_of(person_ids: Sequence[int]) -> dict[int, list[Account]]:
    """The accounts of each person, the first joined first. 1 query."""
    rows = (
        AccountMembership.objects.filter(identity__person_id__in=person_ids)
        .select_related("account", "identity")
        .order_by("valid_from", "pk")
    )
    found: dict[int, dict[int, Account]] = {}
    for row in rows:
        found.setdefault(row.identity.person_id, {}).setdefault(row.account_id, row.account)
    return {person: list(accounts.values()) for person, accounts in found.items()}


def member_counts(account_ids: Iterable[int]) -> dict[int, int]:
    """How many persons each account has. 1 query."""
    rows = AccountMembership.objects.filter(account_id__in=list(account_ids))
    return dict(rows.values_list("account_id").annotate(number=Count("identity__person_id", distinct=True)))


def members_of(account_id: int, *, limit: int = 200) -> list[Member]:
    """The persons of an account, the last active first. 2 queries."""
    rows = AccountMembership.objects.filter(account_id=account_id).order_by("valid_from")
    since: dict[int, Any] = {}
    for person_id, valid_from in rows.values_list("identity__person_id", "valid_from"):
        since.setdefault(person_id, valid_from)
    persons = Person.objects.filter(pk__in=since, merged_into_id=None).order_by("-last_seen_at", "-pk")
    return [Member(person, since[person.pk]) for person in persons[:limit]]


def identities_of(person_id: int) -> list[Identity]:
    """The ids a person is known by, user ids first."""
    return list(Identity.objects.filter(person_id=person_id).order_by("kind", "pk")[:50])


def _distinct(rows: Iterable[Any]) -> list[Any]:
    return list({row.pk: row for row in rows}.values())[:FOUND_AT_MOST]
