"""A definition made from a template: its actions, its motion, and a draft ready to look at."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from ingestion.models import Action
from ingestion.models.events import EventKind
from ingestion.operations import create_action
from scoring.models import Band, Definition, Motion, Signal
from scoring.models.definitions import Level
from scoring.operations.definitions import create_definition, create_motion, save_draft
from scoring.rules import spec
from scoring.rules.templates import Template, TemplateSignal, thresholds
from tenants.audit import Actor
from tenants.models import BusinessUnit


class SlotMissing(ValueError):
    """A slot that the template cannot do without was left empty; `slot` is its key."""

    def __init__(self, slot: str, message: str) -> None:
        self.slot = slot
        super().__init__(message)


@transaction.atomic
def create_from_template(
    *,
    template: Template,
    business_unit: BusinessUnit,
    name: str,
    events: Mapping[str, str],
    by: Actor,
    now: datetime,
) -> Definition:
    """A definition with a filled draft. events: slot key to the name of a track event; empty ones are left out.

    Raises SlotMissing, or what create_definition and save_draft raise.
    """
    for slot in template.slots:
        if slot.is_required and not events.get(slot.key):
            raise SlotMissing(slot.key, _("Choose the event that means “%(slot)s”.") % {"slot": _(slot.name)})
    actions = {
        slot.key: _action(business_unit, slot.name, events[slot.key], by, now)
        for slot in template.slots
        if events.get(slot.key)
    }
    motion = _motion(business_unit, actions[template.goal], by, now)
    level = Level.ACCOUNT if template.level is spec.Level.ACCOUNT else Level.PERSON
    definition = create_definition(
        business_unit=business_unit,
        motion=motion,
        name=name,
        level=level,
        description=_(template.description),
        by=by,
        now=now,
    )
    usable = [signal for signal in template.signals if signal.slot in actions]
    enter, hot, leave = thresholds(usable)
    bands = [Band(name="hot", minimum=hot), Band(name="warm", minimum=enter), Band(name="cold", minimum=0)]
    save_draft(
        version=definition.versions.get(),
        signals=[_signal(signal, actions[signal.slot]) for signal in usable],
        bands=bands,
        enter_threshold=enter,
        exit_threshold=leave,
        requalify_after_days=30,
        by=by,
        now=now,
    )
    return definition


def _action(unit: BusinessUnit, name: str, event_name: str, by: Actor, now: datetime) -> Action:
    """The unit's own or an inherited action for this event, made when there is none."""
    for action in (
        Action.objects.filter(archived_at__isnull=True).select_related("business_unit").order_by("created_at")
    ):
        newest = action.versions.order_by("-number").first()
        if (
            newest
            and newest.event_name == event_name
            and not newest.filters
            and action.business_unit.covers(unit)
        ):
            return action
    taken = Action.objects.filter(business_unit=unit, name=name).exists()
    return create_action(
        business_unit=unit,
        name=f"{name} ({event_name})" if taken else name,
        event_kind=EventKind.TRACK,
        event_name=event_name,
        filters=[],
        number_property="",
        by=by,
        now=now,
    )


def _motion(unit: BusinessUnit, goal: Action, by: Actor, now: datetime) -> Motion:
    """The unit's motion with this goal, made when there is none."""
    motion = Motion.objects.filter(business_unit=unit, goal_action=goal).first()
    if motion is not None:
        return motion
    name = _("Free to paid")
    if Motion.objects.filter(business_unit=unit, name=name).exists():
        name = f"{name} ({goal.name})"
    return create_motion(business_unit=unit, name=name, goal_action=goal, by=by, now=now)


def _signal(template: TemplateSignal, action: Action) -> Signal:
    return Signal(
        name=_(template.name),
        kind=template.kind,
        action=action,
        window=template.window,
        window_length=template.days,
        at_least=Decimal(template.at_least),
        points=template.points,
    )
