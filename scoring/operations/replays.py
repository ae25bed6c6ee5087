"""Replays: a version evaluated at the end of each local day of the past. They write episodes and open no leads.

Each day only those subjects are scored whose points may differ from the day before: who did something that day, and
whose next_due_at has come. What is known now counts as known (known_at = now), dated by its own time.
"""

import heapq
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import cast
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from scoring.models import ReplayQualification, ReplayRun, Version
from scoring.queries.counting import counting_subjects
from scoring.queries.evaluation import active_subjects, evaluate_points
from scoring.queries.specs import draft_spec, frozen_spec
from scoring.rules.spec import Spec
from scoring.rules.windows import end_of_day, today_at
from tenants import audit
from tenants.audit import Actor
from tenants.context import current_tenant_id, tenant_context
from tenants.work import wake

LONGEST_REPLAY = timedelta(days=3660)
SLICE = 5.0  # seconds


class ReplayRefused(ValueError):
    """The replay cannot be made; the message says why and what to do."""


@dataclass
class Replay:
    """A run in progress. Held by whoever drives it, one slice after the other; `resume_replay` makes it anew."""

    run: ReplayRun
    spec: Spec
    days: list[date]
    active: list[list[int]]
    is_in: set[int] = field(default_factory=set)
    due: list[tuple[datetime, int]] = field(default_factory=list)
    due_by_subject: dict[int, datetime] = field(default_factory=dict)
    done: int = 0

    @property
    def is_finished(self) -> bool:
        return self.done == len(self.days)


@transaction.atomic
def request_replay(
    *, version: Version, first_day: date, last_day: date, by: Actor, now: datetime
) -> ReplayRun:
    """A new run that workers take up (continue_replay). Otherwise as start_replay."""
    run = _new_run(version, first_day, last_day, now)
    audit.record(by=by, verb="replay.requested", target=run, fields=["first_day", "last_day"], now=now)
    wake(tenant_id=current_tenant_id(), kind="replay", ref=str(run.pk), at=now)
    return run


def continue_replay(*, tenant_id: int, run_id: UUID, clock: Callable[[], datetime], seconds: float) -> bool:
    """Do the next slices of a requested run, each in a transaction of its own. Returns whether there is more: a deleted
    or finished run has none. Opens its own tenant contexts."""
    with tenant_context(tenant_id):
        run = (
            ReplayRun.objects.select_related("version__definition")
            .filter(pk=run_id, finished_at=None)
            .first()
        )
        if run is None:
            return False
        replay = resume_replay(run=run)
    deadline, more = time.monotonic() + seconds, True
    while more and time.monotonic() < deadline:
        with tenant_context(tenant_id):
            more = run_replay(replay=replay, now=clock(), seconds=SLICE)
    return more


@transaction.atomic
def start_replay(*, version: Version, first_day: date, last_day: date, now: datetime) -> Replay:
    """A new run over these local days, both included. A draft is replayed as it is now. Raises ReplayRefused."""
    run = _new_run(version, first_day, last_day, now)
    return _prepare(run, _spec(run))


def _new_run(version: Version, first_day: date, last_day: date, now: datetime) -> ReplayRun:
    spec = draft_spec(version) if version.state == Version.State.DRAFT else frozen_spec(version)
    if not spec.signals:
        raise ReplayRefused(_("This version has no signals yet. Add one, then replay it."))
    if first_day > last_day:
        raise ReplayRefused(_("The first day is after the last. Swap them."))
    if last_day > today_at(now, ZoneInfo(spec.time_zone)):
        raise ReplayRefused(_("The last day has not begun yet. Replay up to today at most."))
    if last_day - first_day > LONGEST_REPLAY:
        raise ReplayRefused(_("Replay at most ten years at a time."))
    return cast(
        ReplayRun,
        ReplayRun.objects.create(
            version=version, first_day=first_day, last_day=last_day, created_at=now, closure=spec.to_json()
        ),
    )


def resume_replay(*, run: ReplayRun) -> Replay:
    """Go on where the last committed slice ended. Reads the whole history once."""
    return _prepare(run, _spec(run))


def run_replay(*, replay: Replay, now: datetime, seconds: float = 5) -> bool:
    """Evaluate days until the time is up, and commit. Returns whether there is more; call again, in a new tenant
    context. One slice is one transaction: a killed run goes on after its last slice."""
    deadline = time.monotonic() + seconds
    with transaction.atomic():
        while not replay.is_finished:
            _look(replay)
            replay.run.done_through = replay.days[replay.done]
            replay.done += 1
            if time.monotonic() >= deadline:  # asked after the day: every slice gets somewhere
                break
        if replay.is_finished:
            replay.run.finished_at = now
        replay.run.save(update_fields=["done_through", "finished_at"])
    return not replay.is_finished


def _spec(run: ReplayRun) -> Spec:
    if run.closure is None:
        raise ReplayRefused(_("This replay was begun by an older release. Start a new one."))
    return Spec.from_json(run.closure)


def _prepare(run: ReplayRun, spec: Spec) -> Replay:
    first = run.done_through or run.first_day
    days = [first + timedelta(days=n) for n in range((run.last_day - first).days + 1)]
    zone = ZoneInfo(spec.time_zone)
    replay = Replay(run, spec, days, active_subjects(spec, [end_of_day(day, zone) for day in days]))
    if run.done_through:  # that day is looked at again only to know what falls due when
        open_now = ReplayQualification.objects.filter(run=run, left_day__isnull=True)
        replay.is_in = set(open_now.values_list("subject_id", flat=True))
        for subject, _points, _required, due in _evaluate(replay, None):
            _remember_due(replay, subject, due)
        replay.done = 1
    return replay


def _look(replay: Replay) -> None:
    """Score the subjects whose points may have changed by the end of the day, and write who came and who went."""
    day, spec = replay.days[replay.done], replay.spec
    is_first = replay.run.done_through is None
    entered, left = {}, []
    for subject, points, has_required, due in _evaluate(replay, None if is_first else _subjects_of(replay)):
        _remember_due(replay, subject, due)
        was_in = subject in replay.is_in
        is_in = has_required and points >= (spec.exit_threshold if was_in else spec.enter_threshold)
        if is_in and not was_in:
            entered[subject] = points
        elif was_in and not is_in:
            left.append(subject)
    counting = counting_subjects(spec.level, entered) if entered else set()
    ReplayQualification.objects.bulk_create(
        [
            ReplayQualification(
                run=replay.run, subject_id=subject, first_day=day, points=points, band=spec.band_of(points)
            )
            for subject, points in entered.items()
            if subject in counting
        ]
    )
    open_now = ReplayQualification.objects.filter(run=replay.run, left_day__isnull=True)
    open_now.filter(subject_id__in=left).update(left_day=day)
    replay.is_in |= counting
    replay.is_in -= set(left)


def _evaluate(replay: Replay, subjects: list[int] | None) -> list[tuple[int, int, bool, datetime | None]]:
    if subjects == []:
        return []
    return evaluate_points(replay.spec, subjects=subjects, as_of=_end(replay))


def _end(replay: Replay) -> datetime:
    return end_of_day(replay.days[replay.done], ZoneInfo(replay.spec.time_zone))


def _subjects_of(replay: Replay) -> list[int]:
    subjects = set(replay.active[replay.done])
    end = _end(replay)
    while replay.due and replay.due[0][0] <= end:
        moment, subject = heapq.heappop(replay.due)
        if replay.due_by_subject.get(subject) == moment:  # otherwise it was scored again since
            subjects.add(subject)
    return sorted(subjects)


def _remember_due(replay: Replay, subject: int, due: datetime | None) -> None:
    if due is None:
        replay.due_by_subject.pop(subject, None)
    else:
        replay.due_by_subject[subject] = due
        heapq.heappush(replay.due, (due, subject))
