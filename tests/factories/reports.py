"""Short histories for reports: who signed up, qualified, was routed and reached the goal, written as rows."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from experiments.models import Arm, Assignment, Experiment, Exposure
from ingestion.models import Account, Outcome, Person
from routing.models import Lead
from scoring.models import Definition, Level, Qualification, QualificationEvent, Score, Version
from tests.factories.scoring import make_definition

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
BANDS = [{"name": "hot", "minimum": 8000}, {"name": "warm", "minimum": 5000}]
_numbers = count(1)


def live_definition(*, since: datetime = LONG_AGO, level: int = Level.ACCOUNT, **values: Any) -> Definition:
    """A definition that has been live since then; its frozen spec says no more than its bands."""
    definition = make_definition(level=level, **values)
    Version.objects.filter(definition=definition).update(
        state="live", closure={"bands": BANDS}, published_at=since
    )
    return definition


def sign_up(at: datetime, *, level: int = Level.ACCOUNT, exclusion: int = 0, name: str = "") -> int:
    """Somebody new; returns their id."""
    number = next(_numbers)
    seen = {"first_seen_at": at, "last_seen_at": at, "exclusion": exclusion}
    if level == Level.ACCOUNT:
        return int(Account.objects.create(key=f"a{number}", name=name or f"Account {number}", **seen).pk)
    return int(Person.objects.create(label=name or f"Person {number}", is_identified=True, **seen).pk)


def pql(
    definition: Definition,
    subject: int,
    at: datetime,
    *,
    band: str = "hot",
    lead: str | None = "working",
    disposition: str = "",
    reason: str = "",
    **values: Any,
) -> Qualification:
    """An episode, noticed as it happened; lead: the state of its lead, None without one."""
    if values.get("state", "open") != "open":
        values.setdefault("closed_at", at)
    row = Qualification.objects.create(
        definition=definition,
        version=Version.objects.get(definition=definition),
        subject_kind=definition.level,
        subject_id=subject,
        opened_at=at,
        points=9000,
        band=band,
        contributions=[],
        is_held_out=None if lead is None else lead == "held_out",
        **{"triggered_at": at, **values},
    )
    QualificationEvent.objects.create(qualification=row, at=at, kind="entered", points=9000, band=band)
    if lead:
        Lead.objects.create(
            qualification=row, business_unit=definition.business_unit, subject_kind=row.subject_kind,
            subject_id=subject, subject_label=f"#{subject}", state=lead, disposition=disposition,
            rejection_reason=reason, band=band, points=9000, created_at=at,
        )  # fmt: skip
    return row


def goal(
    definition: Definition, subject: int, at: datetime, *, received_at: datetime | None = None
) -> Outcome:
    return Outcome.objects.create(
        subject_kind=definition.level,
        subject_id=subject,
        goal=definition.motion_id,
        at=at,
        received_at=received_at or at,
        fact_key=f"fact-{next(_numbers)}",
    )


def score(definition: Definition, subject: int, at: datetime, *, is_qualified: bool = False) -> Score:
    return Score.objects.create(
        version=Version.objects.get(definition=definition),
        subject_kind=definition.level,
        subject_id=subject,
        points=9000 if is_qualified else 0,
        is_qualified=is_qualified,
        contributions=[],
        computed_at=at,
    )


def holdout(definition: Definition, at: datetime) -> tuple[Arm, Arm]:
    """A running holdout: the arm that gets nothing, and the other."""
    experiment = Experiment.objects.create(
        business_unit=definition.business_unit, name=f"Holdout {next(_numbers)}", salt=f"s{next(_numbers)}",
        state="running", started_at=at, created_at=at,
    )  # fmt: skip
    control = Arm.objects.create(
        experiment=experiment, position=0, name="Held out", is_control=True, weight=2000
    )
    return control, Arm.objects.create(experiment=experiment, position=1, name="Worked", weight=8000)


def assign(qualification: Qualification, arm: Arm) -> None:
    """Put the PQL's lead into an arm, as routing does before anything acts."""
    lead, at = Lead.objects.get(qualification=qualification), qualification.opened_at
    assignment = Assignment.objects.create(
        experiment=arm.experiment, arm=arm, unit_kind=lead.subject_kind, unit_id=lead.subject_id, bucket=1,
        propensity=arm.weight, assigned_at=at,
    )  # fmt: skip
    Exposure.objects.create(assignment=assignment, assigned_at=at, exposed_at=at, action_ref=str(lead.pk))


def days(number: float) -> timedelta:
    return timedelta(days=number)
