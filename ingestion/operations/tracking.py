"""Tracking plans: made, edited as a draft, published. A version never changes once it is live."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from ingestion.models import PlannedSource, TrackingPlan, TrackingPlanVersion, Violation
from ingestion.models.events import EventKind
from ingestion.operations.locks import lock_history
from ingestion.queries.renames import canonical_name
from ingestion.queries.tracking import document_of, draft_of, event_of, guessed_events
from ingestion.queries.violations import can_accept, held_shape
from ingestion.rules.tracking import (
    Document,
    DocumentError,
    Key,
    check_document,
    check_event,
    empty_document,
    key_of,
    title_of,
)
from ingestion.rules.tracking_accept import accepted
from ingestion.rules.tracking_rows import guessed_rows, rows_of, schema_of
from tenants import audit
from tenants.audit import Actor
from tenants.models import Source

State = TrackingPlanVersion.State


class DraftChanged(Exception):
    """Somebody else saved the draft since it was looked at: nothing was written."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "Nothing was saved: somebody else has changed this plan since you opened it. Open it again to see how."
            )
        )


@transaction.atomic
def create_tracking_plan(
    *, name: str, sources: Iterable[Source], by: Actor, now: datetime, document: Any = None
) -> TrackingPlan:
    """A plan for these sources with its first draft. Raises ValidationError."""
    checked = empty_document() if document is None else _checked(document)
    plan = TrackingPlan(name=name.strip(), created_at=now)
    plan.full_clean()
    plan.save(force_insert=True)
    _assign(plan, sources)
    TrackingPlanVersion.objects.create(plan=plan, number=1, document=checked, created_at=now)
    audit.record(by=by, verb="tracking_plan.created", target=plan, fields=["name", "sources"], now=now)
    return plan


@transaction.atomic
def edit_tracking_plan(
    *, plan: TrackingPlan, name: str, sources: Iterable[Source], by: Actor, now: datetime
) -> None:
    """Another name or other sources: these hold at once, for what is received from now on. Raises ValidationError."""
    lock_history()
    fresh = _lock(plan)
    wanted = {source.pk for source in sources}
    before = set(PlannedSource.objects.filter(plan=fresh).values_list("source_id", flat=True))
    changed = [
        word
        for word, differs in (("name", fresh.name != name.strip()), ("sources", wanted != before))
        if differs
    ]
    if not changed:
        return
    fresh.name = name.strip()
    fresh.full_clean()
    fresh.save(update_fields=["name"])
    PlannedSource.objects.filter(plan=fresh, source_id__in=before - wanted).delete()
    _assign(fresh, Source.objects.filter(pk__in=wanted - before))
    audit.record(by=by, verb="tracking_plan.changed", target=fresh, fields=changed, now=now)


@transaction.atomic
def save_draft(
    *, plan: TrackingPlan, document: Any, by: Actor, now: datetime, seen: int | None = None
) -> TrackingPlanVersion:
    """Replace what the draft says; without a draft one begins. seen: the edition that was looked at, None when there
    was no draft. Raises ValidationError, and DraftChanged when there is a newer edition than `seen`."""
    checked = _checked(document)
    _lock(plan)
    draft = draft_of(plan)
    if (draft.edition if draft else None) != seen:
        raise DraftChanged
    return _write(plan, draft, checked, by, now)


@transaction.atomic
def plan_event(
    *,
    plan: TrackingPlan,
    event: Any,
    by: Actor,
    now: datetime,
    instead_of: Key | None = None,
    seen: int | None = None,
) -> TrackingPlanVersion:
    """Put one event into the draft, instead of the one with this key or as another one. Raises ValidationError, and
    DraftChanged as save_draft does."""
    made = _checked_event(event)
    _lock(plan)
    draft = draft_of(plan)
    if (draft.edition if draft else None) != seen:
        raise DraftChanged
    document = document_of(plan, draft)
    others = [each for each in document["events"] if key_of(each) != instead_of]
    if any(key_of(each) == key_of(made) for each in others):
        raise ValidationError({"name": _("%s is in the plan already.") % title_of(made)})
    return _write(plan, draft, _checked(document | {"events": [*others, made]}), by, now)


@transaction.atomic
def amend_draft(
    *, plan: TrackingPlan, events: Iterable[Any], by: Actor, now: datetime
) -> TrackingPlanVersion:
    """Put events into the draft, each instead of the one of its type and name; all else stays as it is there, whoever
    saved it. Raises ValidationError."""
    made = {key_of(event): event for event in map(_checked_event, events)}
    _lock(plan)
    draft = draft_of(plan)
    document = document_of(plan, draft)
    known = {key_of(event): event for event in document["events"]}
    return _write(plan, draft, _checked(document | {"events": list((known | made).values())}), by, now)


class NeedsJson(Exception):
    """The plan cannot be changed for this in one click: it has to be looked at."""


@transaction.atomic
def accept_violation(*, violation: Violation, by: Actor, now: datetime) -> TrackingPlanVersion:
    """Change the draft so that what departed is as planned. Raises NeedsJson when rows cannot say it, and
    ValidationError."""
    plan = _lock(violation.plan)
    name = canonical_name((violation.event_kind, violation.event_name))
    event = event_of(document_of(plan, draft_of(plan)), (violation.event_kind, name))
    if not can_accept(violation, event):
        raise NeedsJson(_("One click cannot add this to the plan: change the event there."))
    made = _arrived(violation) | {"name": name} if event is None else _widened(event, violation)
    return amend_draft(plan=plan, events=[made], by=by, now=now)


def _arrived(violation: Violation) -> Document:
    """The event as its source sends it, or as it waits in the quarantine."""
    key = (violation.event_kind, violation.event_name)
    sources = Source.objects.filter(pk=violation.source_id)
    if known := guessed_events(sources, [key]):
        return known[0]
    kind = EventKind(violation.event_kind).label
    shape, number = held_shape(violation.source_id, kind, violation.event_name)
    return {"type": kind, "name": violation.event_name, "schema": schema_of(guessed_rows(shape, number))}


def _widened(event: Document, violation: Violation) -> Document:
    table = rows_of(event["schema"])
    wider = accepted(table, violation.code, violation.property, violation.got) if table else None
    if wider is None:
        raise NeedsJson
    return event | {"schema": schema_of(wider)}


@transaction.atomic
def unplan_event(
    *, plan: TrackingPlan, event: Key, by: Actor, now: datetime, seen: int | None = None
) -> TrackingPlanVersion:
    """Take an event out of the draft. Raises DraftChanged as save_draft does."""
    _lock(plan)
    draft = draft_of(plan)
    if (draft.edition if draft else None) != seen:
        raise DraftChanged
    document = document_of(plan, draft)
    events = [each for each in document["events"] if key_of(each) != event]
    return _write(plan, draft, document | {"events": events}, by, now)


@transaction.atomic
def discard_draft(*, plan: TrackingPlan, by: Actor, now: datetime) -> None:
    """Throw the draft away; what is live goes on. Without a live version the plan is an empty draft again."""
    _lock(plan)
    deleted, _rows = TrackingPlanVersion.objects.filter(plan=plan, state=State.DRAFT).delete()
    if not deleted:
        return
    if not TrackingPlanVersion.objects.filter(plan=plan).exists():
        TrackingPlanVersion.objects.create(plan=plan, number=1, document=empty_document(), created_at=now)
    audit.record(by=by, verb="tracking_plan.draft_discarded", target=plan, fields=["document"], now=now)


@transaction.atomic
def publish_draft(*, plan: TrackingPlan, seen: int, by: Actor, now: datetime) -> TrackingPlanVersion:
    """Make the draft what is checked from now on. seen: the edition that was looked at. Raises DraftChanged when it is
    another one, and ValidationError when there is nothing to check."""
    lock_history()
    fresh = _lock(plan)
    draft = draft_of(fresh)
    if draft is None or draft.edition != seen or fresh.archived_at is not None:
        raise DraftChanged
    if not draft.document["events"]:
        raise ValidationError(_("The plan has no events yet. Add one before you publish it."))
    TrackingPlanVersion.objects.filter(plan=fresh, state=State.LIVE).update(state=State.ARCHIVED)
    draft.state, draft.published_at, draft.published_by_id = State.LIVE, now, by.user_id
    draft.save(update_fields=["state", "published_at", "published_by_id"])
    audit.record(by=by, verb="tracking_plan.published", target=fresh, fields=["document"], now=now)
    return draft


@transaction.atomic
def archive_tracking_plan(*, plan: TrackingPlan, by: Actor, now: datetime) -> None:
    """Stop checking by it; its sources are free for another plan. What it found is kept."""
    lock_history()
    changed = TrackingPlan.objects.filter(pk=plan.pk, archived_at__isnull=True).update(archived_at=now)
    if changed:
        PlannedSource.objects.filter(plan=plan).delete()
        audit.record(by=by, verb="tracking_plan.archived", target=plan, fields=["archived_at"], now=now)


def _lock(plan: TrackingPlan) -> TrackingPlan:
    fresh: TrackingPlan = TrackingPlan.objects.select_for_update().get(pk=plan.pk)
    if fresh.archived_at is not None:
        raise ValidationError(_("This plan is archived and is not changed any more. Make a new one."))
    return fresh


def _assign(plan: TrackingPlan, sources: Iterable[Source]) -> None:
    wanted = list(sources)
    taken = PlannedSource.objects.filter(source__in=wanted).select_related("source", "plan").first()
    if taken is not None:
        text = _("“%(source)s” has a plan already, “%(plan)s”. Take it out there first.")
        raise ValidationError({"sources": text % {"source": taken.source, "plan": taken.plan}})
    PlannedSource.objects.bulk_create(PlannedSource(plan=plan, source=source) for source in wanted)


def _write(
    plan: TrackingPlan, draft: TrackingPlanVersion | None, document: Document, by: Actor, now: datetime
) -> TrackingPlanVersion:
    """The next edition of the draft; none when nothing changes."""
    if document == document_of(plan, draft):
        return draft or plan.versions.get(state=State.LIVE)
    if draft is None:
        number = max(plan.versions.values_list("number", flat=True), default=0) + 1
        draft = TrackingPlanVersion.objects.create(
            plan=plan, number=number, document=document, created_at=now
        )
    else:
        draft.document, draft.edition = document, draft.edition + 1
        draft.save(update_fields=["document", "edition"])
    audit.record(by=by, verb="tracking_plan.drafted", target=plan, fields=["document"], now=now)
    return draft


def _checked(document: Any) -> Document:
    try:
        return check_document(document)
    except DocumentError as error:
        raise ValidationError({"document": str(error)}) from error


def _checked_event(event: Any) -> Document:
    try:
        return check_event(event)
    except DocumentError as error:
        raise ValidationError({"document": str(error)}) from error
