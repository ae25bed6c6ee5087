"""PQLs, pools and tables for tests: rows as scoring would have left them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import count
from typing import Any

from ingestion.models import Account, AccountMembership, Identity, Person
from routing.models import Lead, Pool, PoolMember, RoutingTable
from routing.operations import RuleLine, add_member, create_pool, route_one, save_table
from scoring.models import Definition, Level, Qualification, Version
from tenants.audit import SYSTEM
from tenants.models import BusinessUnit, Membership, Role, User
from tenants.operations import create_user, grant_membership
from tests.factories.scoring import make_action, make_live, signal

_numbers = count(1)


def make_person(label: str = "", *, now: datetime, account: Account | None = None, **fields: Any) -> Person:
    """A person with a user id, in an account if there is one."""
    label = label or f"Person {next(_numbers)}"
    email = f"{label.lower().replace(' ', '.')}@customer.test"
    values = {
        "label": label,
        "email": email,
        "search": label.lower(),
        "first_seen_at": now,
        "last_seen_at": now,
    }
    person = Person.objects.create(**(values | fields))
    identity = Identity.objects.create(kind=Identity.Kind.USER, value=email, person=person)
    if account:
        AccountMembership.objects.create(identity=identity, account=account, valid_from=now)
    return person


def make_account(name: str = "", *, now: datetime, **fields: Any) -> Account:
    name = name or f"Company {next(_numbers)}"
    key = name.lower().replace(" ", "-")
    values = {"key": key, "name": name, "search": name.lower(), "first_seen_at": now, "last_seen_at": now}
    return Account.objects.create(**(values | fields))


def live_definition(unit: BusinessUnit, *, level: int = Level.PERSON, name: str = "") -> Definition:
    """A published definition of the unit with one signal, “Invited a colleague”."""
    version = make_live(
        signal(make_action(), name="Invited a colleague"),
        business_unit=unit,
        level=level,
        name=name or f"Definition {next(_numbers)}",
    )
    return version.definition


def make_pql(
    definition: Definition,
    subject: Person | Account,
    *,
    now: datetime,
    band: str = "hot",
    points: int = 8000,
    signals: Mapping[str, int] | None = None,
) -> Qualification:
    """An open episode that routing has not seen."""
    lines = {"Invited a colleague": points} if signals is None else signals
    return Qualification.objects.create(
        definition=definition,
        version=Version.objects.get(definition=definition, state="live"),
        subject_kind=Level.PERSON if isinstance(subject, Person) else Level.ACCOUNT,
        subject_id=subject.pk,
        triggered_at=now,
        opened_at=now,
        points=points,
        band=band,
        contributions=[
            {"signal": str(place), "name": name, "value": "1", "raw": given, "points": given}
            for place, (name, given) in enumerate(lines.items(), start=1)
        ],
    )


def make_rep(unit: BusinessUnit, name: str = "", *, now: datetime, role: Role = Role.REP) -> Membership:
    name = name or f"Rep {next(_numbers)}"
    user = create_user(email=f"{name.lower().replace(' ', '.')}@acme.test", name=name, password=None)
    return grant_membership(user=user, business_unit=unit, role=role, by=SYSTEM, now=now)


def membership_of(user: User) -> Membership:
    return Membership.objects.get(user=user)


def make_pool(
    unit: BusinessUnit,
    members: Sequence[Membership],
    *,
    now: datetime,
    name: str = "Inside sales",
    weights: Sequence[int] = (),
    capacity: int | None = None,
) -> Pool:
    pool = create_pool(business_unit=unit, name=name, by=SYSTEM, now=now)
    for place, membership in enumerate(members):
        weight = weights[place] if weights else 1
        add_member(pool=pool, membership=membership, weight=weight, capacity=capacity, by=SYSTEM, now=now)
    return pool


def seat_of(pool: Pool, membership: Membership) -> PoolMember:
    return PoolMember.objects.select_related("pool", "membership__user").get(pool=pool, membership=membership)


def make_table(
    unit: BusinessUnit, *lines: RuleLine, now: datetime, otherwise: Pool | None = None
) -> RoutingTable:
    """A table; what no line matched goes to `otherwise`, or is held."""
    return save_table(
        business_unit=unit,
        lines=lines,
        default_target="pool" if otherwise else "hold",
        default_pool=otherwise,
        by=SYSTEM,
        now=now,
    )


def condition(field: str, op: str, value: Any = "", name: str = "") -> dict[str, Any]:
    return {"field": field, "op": op, "value": value, "name": name}


def make_lead(definition: Definition, *, now: datetime, **pql: Any) -> Lead:
    """A PQL of a new person, routed."""
    subject = pql.pop("subject", None) or make_person(now=now)
    return route_one(make_pql(definition, subject, now=now, **pql), now=now)
