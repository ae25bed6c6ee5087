"""What the page of a lead shows. A fixed number of queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from delivery.models import Delivery
from ingestion.models.events import Touched
from ingestion.queries.people import Member, members_of
from ingestion.queries.subjects import subject_labels
from ingestion.queries.timeline import TimelineEvent, subject_events
from routing.models import Lead, LeadEvent
from routing.queries.cases import Subject, subject_of
from scoring.models import Score, ScoreChange, Version
from scoring.queries.specs import frozen_spec
from scoring.rules.spec import Spec
from tenants.queries import names_of
from tenants.work import FAR_FUTURE

EVENTS_SHOWN, TEAM_SHOWN, CHANGES_SHOWN = 40, 8, 200


@dataclass(frozen=True)
class ScoreNow:
    """The score as last computed. points in hundredths."""

    points: int
    band: str
    contributions: Sequence[Mapping[str, Any]]
    computed_at: datetime


@dataclass(frozen=True)
class TimelineRow:
    """One thing that happened: an event of theirs, or something done with the lead."""

    at: datetime
    event: TimelineEvent | None = None
    person: str = ""
    step: LeadEvent | None = None
    actor: str = ""


@dataclass(frozen=True)
class LeadPage:
    """A lead, with the newest of what its page shows beside it."""

    lead: Lead
    subject: Subject
    spec: Spec
    now: ScoreNow | None
    changes: Sequence[ScoreChange]
    timeline: Sequence[TimelineRow]
    team: Sequence[Member]
    deliveries: Sequence[Delivery]
    other_leads: Sequence[Lead]


def lead_page(lead: Lead, *, visible: QuerySet[Lead]) -> LeadPage:
    """Everything about a lead that was loaded with its qualification, definition, motion, rep and pool. `visible`: the
    leads this user may see."""
    subject = subject_of(lead.subject_kind, lead.subject_id)
    version = lead.qualification.version
    live = Version.objects.filter(definition_id=lead.qualification.definition_id, state=Version.State.LIVE)
    current = live.first() or version
    return LeadPage(
        lead=lead,
        subject=subject,
        spec=frozen_spec(current),
        now=_score_now(current, lead),
        changes=_changes(lead),
        timeline=_timeline(lead),
        team=members_of(subject.account.pk, limit=TEAM_SHOWN) if subject.account else [],
        deliveries=list(
            Delivery.objects.filter(subject_ref=str(lead.pk))
            .select_related("destination")
            .order_by("-created_at")[:10]
        ),
        other_leads=_others(lead, visible),
    )


def _score_now(version: Version, lead: Lead) -> ScoreNow | None:
    score = Score.objects.filter(version=version, subject_id=lead.subject_id).first()
    return ScoreNow(score.points, score.band, score.contributions, score.computed_at) if score else None


def _changes(lead: Lead) -> list[ScoreChange]:
    """The last changes of this definition's score, oldest first."""
    versions = Version.objects.filter(definition_id=lead.qualification.definition_id)
    rows = ScoreChange.objects.filter(
        subject_kind=lead.subject_kind, subject_id=lead.subject_id, version_id__in=versions.values("pk")
    )
    return list(rows.order_by("-at", "-id")[:CHANGES_SHOWN])[::-1]


def _timeline(lead: Lead) -> list[TimelineRow]:
    events = subject_events(lead.subject_kind, lead.subject_id, before=FAR_FUTURE, limit=EVENTS_SHOWN)
    labels = subject_labels(Touched.Kind.PERSON, {event.person_id for event in events})
    steps = list(LeadEvent.objects.filter(lead=lead).order_by("-at", "-id")[:EVENTS_SHOWN])
    names = names_of(step.actor_id for step in steps)
    rows = [
        TimelineRow(at=event.at, event=event, person=labels.get(event.person_id, ""))
        for event in events
        if event.name  # traits that changed are not something somebody did
    ]
    rows += [TimelineRow(at=step.at, step=step, actor=names.get(step.actor_id, "")) for step in steps]
    return sorted(
        rows, key=lambda row: (row.at, row.step is not None, row.step.pk if row.step else 0), reverse=True
    )


def _others(lead: Lead, visible: QuerySet[Lead]) -> list[Lead]:
    """Other leads about the same subject."""
    rows = visible.filter(subject_kind=lead.subject_kind, subject_id=lead.subject_id).exclude(pk=lead.pk)
    return list(rows.select_related("qualification__definition", "rep__user").order_by("-created_at")[:5])
