"""Everything routing must know about a PQL before it decides."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from experiments.operations import Unit
from ingestion.models import Account, Identity, Person
from ingestion.queries.consent import no_contact
from ingestion.queries.list_membership import lists_holding
from ingestion.queries.people import accounts_of
from ingestion.queries.touches import touch_traits
from routing.rules.conditions import Facts
from scoring.models import Definition, Level, Qualification
from tenants.models import BusinessUnit

PERSON, ACCOUNT = int(Level.PERSON), int(Level.ACCOUNT)


@dataclass(frozen=True)
class Subject:
    """Who a lead is about: the person and the account they belong to, or the account alone."""

    kind: int
    id: int
    label: str
    person: Person | None
    account: Account | None
    no_contact: str = ""  # why neither is to be contacted, as "trait = value"

    @property
    def account_label(self) -> str:
        """The company a person's lead belongs to; "" for a lead that is a company."""
        return _name(self.account) if self.account and self.person else ""

    @property
    def shown(self) -> str:
        """What to call them in front of whoever is looking; `label` is for what is stored and sent."""
        return str(self.person or self.account or self.label)

    @property
    def unit(self) -> Unit:
        """Who is randomised: the account where there is one, since colleagues talk."""
        return Unit(ACCOUNT, self.account.pk) if self.account else Unit(self.kind, self.id)


@dataclass(frozen=True)
class Case:
    """One PQL, ready to be decided."""

    qualification: Qualification
    definition: Definition
    business_unit: BusinessUnit
    subject: Subject
    facts: Facts


def case_of(qualification: Qualification, *, now: datetime) -> Case:
    """What is known about a PQL. Nine queries or fewer."""
    definition = qualification.definition
    subject = subject_of(qualification.subject_kind, qualification.subject_id)
    facts = Facts(
        band=qualification.band,
        points=qualification.points,
        motion=definition.motion.name,
        definition=definition.name,
        level=Level(qualification.subject_kind).name.lower(),
        signals=frozenset(line["name"] for line in qualification.contributions if line.get("points")),
        lists=lists_holding(subject.person, subject.account, unit=definition.business_unit, now=now),
        person_traits=_traits(PERSON, subject.person),
        account_traits=_traits(ACCOUNT, subject.account),
    )
    return Case(qualification, definition, definition.business_unit, subject, facts)


def _traits(kind: int, row: Person | Account | None) -> Mapping[str, Any]:
    """Traits now, and how they came."""
    return row.traits | touch_traits(kind, row.pk) if row else {}


def subject_of(kind: int, subject_id: int) -> Subject:
    """The person or account, or a bare number when its row is gone (erased)."""
    if kind == ACCOUNT:
        account = Account.objects.filter(pk=subject_id).first()
        return Subject(
            kind,
            subject_id,
            _name(account) if account else f"#{subject_id}",
            None,
            account,
            no_contact(None, account),
        )
    person = Person.objects.filter(pk=subject_id).first()
    account = account_of_person(subject_id)
    label = (person.label if person else "") or f"#{subject_id}"
    return Subject(kind, subject_id, label, person, account, no_contact(person, account))


def _name(account: Account) -> str:
    return account.name or account.key


def account_of_person(person_id: int) -> Account | None:
    """The account they joined first: it never changes by joining another."""
    accounts = accounts_of([person_id]).get(person_id, [])
    return accounts[0] if accounts else None


def earlier_units(subject: Subject) -> list[Unit]:
    """The same subject under other keys: a person before they had an account, and persons merged into them."""
    if subject.person is None:
        return []
    merged = Person.objects.filter(merged_into_id=subject.id).values_list("pk", flat=True)
    own = [Unit(PERSON, subject.id)] if subject.account else []
    return [*own, *(Unit(PERSON, pk) for pk in merged)]


def user_ids(person_id: int) -> list[str]:
    """The product's own ids of a person, as sent."""
    rows = Identity.objects.filter(person_id=person_id, kind=Identity.Kind.USER).order_by("id")
    return list(rows.values_list("value", flat=True)[:5])


def top_reasons(contributions: list[Mapping[str, Any]], most: int) -> list[dict[str, Any]]:
    """[{name, points}] of the signals that weigh most, points in hundredths."""
    weighing = [line for line in contributions if line.get("points")]
    ranked = sorted(weighing, key=lambda line: -abs(line["points"]))[:most]
    return [{"name": line["name"], "points": cast(int, line["points"])} for line in ranked]
