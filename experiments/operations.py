"""Every write of the experiments room: making holdouts, and assigning units before anything acts on them."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import cast
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from experiments.assignment import BUCKETS, arm_at, bucket
from experiments.models import Arm, Assignment, Experiment, Exposure
from experiments.queries import UNIT_KINDS, in_two_arms, running_for
from tenants import audit
from tenants.audit import Actor
from tenants.context import current_tenant_id
from tenants.models import BusinessUnit
from tenants.work import wake

DEFAULT_PERCENT = Decimal(10)
LARGEST_PERCENT = Decimal(90)
STILL_MEASURED = timedelta(days=90)  # after the stop: outcomes of the last assigned still come in
LOOK_AGAIN = timedelta(hours=1)
SOON = timedelta(minutes=1)


class WrongState(ValueError):
    """The experiment's state does not allow this. The message says what to do."""


class BadShare(ValueError):
    """The share of the holdout cannot be used. The message says what to do."""


class NotHeldOut(ValueError):
    """Nothing held this back."""


@dataclass(frozen=True)
class Assigned:
    """What the experiments say about one action. Nothing may act on a lead without one of these."""

    held_out: bool
    arm_name: str | None
    assignment_id: int | None


@dataclass(frozen=True)
class Unit:
    """Who is randomised: kind 1 person, 2 account."""

    kind: int
    id: int


NOT_IN_ANY = Assigned(held_out=False, arm_name=None, assignment_id=None)


@transaction.atomic
def create_holdout(
    *,
    business_unit: BusinessUnit,
    name: str,
    by: Actor,
    now: datetime,
    percent: Decimal | int = DEFAULT_PERCENT,
    definition_id: UUID | None = None,
) -> Experiment:
    """A holdout in draft: `percent` of units (0.01 to 90) get nothing. Its salt is its own, so that two holdouts never
    keep the same people. Raises BadShare, ValidationError."""
    weight = _weight(percent)
    experiment = Experiment(
        business_unit=business_unit,
        name=name,
        definition_id=definition_id,
        salt=secrets.token_hex(16),
        created_at=now,
    )
    experiment.full_clean()
    experiment.save(force_insert=True)
    Arm.objects.create(experiment=experiment, position=0, name=_("Held out"), is_control=True, weight=weight)
    Arm.objects.create(experiment=experiment, position=1, name=_("Worked"), weight=BUCKETS - weight)
    audit.record(by=by, verb="holdout.created", target=experiment, fields=["name", "percent"], now=now)
    return experiment


@transaction.atomic
def edit_holdout(
    *,
    experiment: Experiment,
    name: str,
    percent: Decimal | int,
    definition_id: UUID | None,
    by: Actor,
    now: datetime,
) -> Experiment:
    """Change a holdout. Once it runs only its name may change, and its share may grow: whoever is in it stays in it.
    Raises WrongState, BadShare, ValidationError."""
    experiment = _locked(experiment)
    check_edit(experiment=experiment, percent=percent, definition_id=definition_id)
    control, rest = Arm.objects.filter(experiment=experiment).order_by("position")
    weight = _weight(percent)
    experiment.name, experiment.definition_id = name, definition_id
    experiment.full_clean()
    experiment.save(update_fields=["name", "definition_id"])
    Arm.objects.filter(pk=control.pk).update(weight=weight)
    Arm.objects.filter(pk=rest.pk).update(weight=BUCKETS - weight)
    audit.record(by=by, verb="holdout.changed", target=experiment, fields=["name", "percent"], now=now)
    return experiment


def check_edit(*, experiment: Experiment, percent: Decimal | int, definition_id: UUID | None) -> None:
    """Raises what edit_holdout would raise about the state and the share."""
    weight = _weight(percent)
    if experiment.state == Experiment.State.STOPPED:
        raise WrongState(_("This holdout is stopped and stays as it was. Create a new one instead."))
    if experiment.state == Experiment.State.RUNNING:
        if definition_id != experiment.definition_id:
            raise WrongState(
                _("A running holdout keeps its definition. Stop it and create a new one instead.")
            )
        control = Arm.objects.get(experiment=experiment, is_control=True)
        if weight < control.weight:
            raise BadShare(_("A running holdout can only grow. Stop it and create a smaller one instead."))


@transaction.atomic
def start(*, experiment: Experiment, by: Actor, now: datetime) -> Experiment:
    """From now on new PQLs are assigned before anything acts on them. Raises WrongState."""
    experiment = _locked(experiment)
    if experiment.state != Experiment.State.DRAFT:
        raise WrongState(
            _("Only a holdout that is being set up can be started; this one was started before.")
        )
    experiment.state, experiment.started_at = Experiment.State.RUNNING, now
    experiment.save(update_fields=["state", "started_at"])
    audit.record(by=by, verb="holdout.started", target=experiment, fields=["state"], now=now)
    return experiment


@transaction.atomic
def stop(*, experiment: Experiment, by: Actor, now: datetime) -> Experiment:
    """No new units from now on. Held-out leads stay held out until released: acting on all of them at once would
    spoil the outcome windows that are still open. Raises WrongState."""
    experiment = _locked(experiment)
    if experiment.state != Experiment.State.RUNNING:
        raise WrongState(_("Only a running holdout can be stopped."))
    experiment.state, experiment.stopped_at = Experiment.State.STOPPED, now
    experiment.save(update_fields=["state", "stopped_at"])
    audit.record(by=by, verb="holdout.stopped", target=experiment, fields=["state"], now=now)
    return experiment


@transaction.atomic
def delete_draft(*, experiment: Experiment, by: Actor, now: datetime) -> None:
    """Remove a holdout that never ran. Raises WrongState for any other: what was assigned is never deleted."""
    experiment = _locked(experiment)
    if experiment.state != Experiment.State.DRAFT:
        raise WrongState(_("A holdout that has run is kept, because its assignments are the proof. Stop it."))
    audit.record(by=by, verb="holdout.deleted", target=experiment, now=now)
    experiment.delete()


@transaction.atomic
def assign(
    *,
    business_unit: BusinessUnit,
    definition_id: UUID,
    unit_kind: int,
    unit_id: int,
    points: int,
    action_ref: str,
    now: datetime,
    earlier_units: Sequence[Unit] = (),
) -> Assigned:
    """Put the unit into an arm of every running experiment it falls under, and note that `action_ref` would act now.

    Call it in the transaction that is about to act, before it acts. The row is the truth: whoever has one keeps the
    arm, through new scores, new owners, other shares. `earlier_units` are the same subject under other keys (a person
    before they had an account, persons merged into this one): the earliest of their assignments goes on. Goes from
    the widest experiment to the narrowest and stops at the first that holds the unit out.
    """
    units = [Unit(unit_kind, unit_id), *earlier_units]
    latest = NOT_IN_ANY
    for experiment in running_for(business_unit=business_unit, definition_id=definition_id):
        assignment = _existing(experiment, units) or _assign_new(experiment, units[0], points, now)
        _note_exposure(assignment, action_ref, now)
        held_out = assignment.arm.is_control and assignment.released_at is None
        latest = Assigned(held_out, assignment.arm.name, assignment.pk)
        if held_out:
            break
    return latest


@transaction.atomic
def release(*, action_ref: str, reason: str, by: Actor, now: datetime) -> Assignment:
    """Let go the unit that a control arm keeps from `action_ref` (the lead's key). It stays in its arm for the
    analysis. A unit may have several leads: once it is released, the reason of the first time stays. Raises NotHeldOut,
    and ValueError without a reason."""
    if not reason.strip():
        raise ValueError(_("Say why this lead is released; the analysis shows the reason."))
    rows = Assignment.objects.filter(arm__is_control=True, exposures__action_ref=action_ref)
    held = rows.order_by(F("released_at").asc(nulls_first=True), "-id").first()
    if held is None:
        raise NotHeldOut(_("This lead is not held out."))
    assignment: Assignment = Assignment.objects.select_for_update().get(pk=held.pk)
    if assignment.released_at is None:
        assignment.released_at, assignment.release_reason = now, reason.strip()
        assignment.save(update_fields=["released_at", "release_reason"])
        audit.record(by=by, verb="holdout.released", target=assignment, fields=["released_at"], now=now)
    return assignment


@transaction.atomic
def flag_mixed(*, now: datetime) -> datetime | None:
    """Flag whoever was assigned to two arms of one experiment, for good: a person held out whose account is worked
    later, the reverse, and persons merged from both arms. They keep the arm they act by; they are left out of the
    comparison and counted beside it. Returns when to look again, None when no experiment measures any more."""
    since = now - STILL_MEASURED
    found = in_two_arms(since=since)
    Assignment.objects.filter(pk__in=found, mixed_at__isnull=True).update(mixed_at=now)
    measuring = Experiment.objects.filter(Q(state=Experiment.State.RUNNING) | Q(stopped_at__gt=since))
    return now + LOOK_AGAIN if measuring.exists() else None


def _existing(experiment: Experiment, units: Sequence[Unit]) -> Assignment | None:
    mine = Q()
    for unit in units:
        mine |= Q(unit_kind=unit.kind, unit_id=unit.id)
    rows = Assignment.objects.filter(mine, experiment=experiment).select_related("arm")
    return cast("Assignment | None", rows.order_by("assigned_at", "id").first())


def _assign_new(experiment: Experiment, unit: Unit, points: int, now: datetime) -> Assignment:
    """Insert what the hash proposes unless another transaction was first, then read what stands."""
    arms = list(Arm.objects.filter(experiment=experiment).order_by("position"))
    place = bucket(
        tenant_id=current_tenant_id(),
        salt=experiment.salt,
        unit_kind=UNIT_KINDS[unit.kind],
        unit_id=unit.id,
    )
    arm = arms[arm_at(place, [arm.weight for arm in arms])]
    proposal = Assignment(
        experiment=experiment,
        arm=arm,
        unit_kind=unit.kind,
        unit_id=unit.id,
        bucket=place,
        propensity=arm.weight,
        assigned_at=now,
        points=points,
    )
    Assignment.objects.bulk_create([proposal], ignore_conflicts=True)
    wake(tenant_id=current_tenant_id(), kind="mixed", at=now + SOON)
    return cast(Assignment, _existing(experiment, [unit]))  # inserted just now, by us or by whoever was first


def _note_exposure(assignment: Assignment, action_ref: str, now: datetime) -> None:
    """Once per action, in every arm. Clocks of two machines may differ: never before the assignment."""
    row = Exposure(
        assignment=assignment,
        assigned_at=assignment.assigned_at,
        exposed_at=max(now, assignment.assigned_at),
        action_ref=action_ref,
    )
    Exposure.objects.bulk_create([row], ignore_conflicts=True)


def _locked(experiment: Experiment) -> Experiment:
    return cast(Experiment, Experiment.objects.select_for_update().get(pk=experiment.pk))


def _weight(percent: Decimal | int) -> int:
    share = Decimal(percent) * 100
    if share != share.to_integral_value() or not 1 <= share <= LARGEST_PERCENT * 100:
        raise BadShare(
            _("%(percent)s is not a usable share. Hold out between 0.01 and %(most)s percent, in hundredths.")
            % {"percent": percent, "most": LARGEST_PERCENT}
        )
    return int(share)
