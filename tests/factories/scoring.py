"""Actions, definitions and versions for tests, as short as a test wants to write them."""

from datetime import UTC, datetime
from itertools import count
from typing import Any

from ingestion.models import Action, ActionVersion
from scoring.models import Band, Definition, Level, Motion, Signal, Version
from scoring.operations import create_definition, create_motion, publish_version, save_draft
from tenants.audit import SYSTEM
from tenants.models import BusinessUnit

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
_numbers = count(1)


def corporate_unit() -> BusinessUnit:
    return BusinessUnit.objects.get(parent__isnull=True)


def make_action(name: str = "", *, unit: BusinessUnit | None = None, number_property: str = "") -> Action:
    """An action of the corporate unit that counts every event of that name."""
    name = name or f"Action {next(_numbers)}"
    action = Action.objects.create(business_unit=unit or corporate_unit(), name=name, created_at=NOW)
    ActionVersion.objects.create(
        action=action, number=1, event_name=name, number_property=number_property, created_at=NOW
    )
    return action


def version_of(action: Action) -> int:
    """Id of the newest version of an action."""
    return int(
        ActionVersion.objects.filter(action=action).order_by("-number").values_list("pk", flat=True)[0]
    )


def make_motion(**values: Any) -> Motion:
    values = {"business_unit": corporate_unit(), "name": f"Motion {next(_numbers)}", **values}
    return create_motion(**{"goal_action": make_action(), **values}, by=SYSTEM, now=NOW)


def make_definition(*, level: int = Level.PERSON, motion: Motion | None = None, **values: Any) -> Definition:
    """A definition with an empty draft."""
    values = {"business_unit": corporate_unit(), "name": f"Definition {next(_numbers)}", **values}
    return create_definition(**values, level=level, motion=motion or make_motion(), by=SYSTEM, now=NOW)


def signal(action: Action | None = None, **values: Any) -> Signal:
    """An unsaved signal: by default 50 points once when the action was counted at least once in 7 days."""
    defaults = {
        "name": f"Signal {next(_numbers)}",
        "kind": "count",
        "action": action,
        "window": "days",
        "window_length": 7,
        "at_least": 1,
        "points": 5000,
    }
    return Signal(**{**defaults, **values})


def make_draft(
    *signals: Signal,
    enter: int = 5000,
    leave: int | None = None,
    requalify: int = 30,
    bands: dict[str, int] | None = None,
    **definition: Any,
) -> Version:
    """A definition whose draft holds these signals; bands default to one, "hot", from the threshold."""
    draft = Version.objects.get(definition=make_definition(**definition))
    return save_draft(
        version=draft,
        signals=signals,
        bands=[Band(name=name, minimum=minimum) for name, minimum in (bands or {"hot": enter}).items()],
        enter_threshold=enter,
        exit_threshold=enter if leave is None else leave,
        requalify_after_days=requalify,
        by=SYSTEM,
        now=NOW,
    )


def make_live(*signals: Signal, **values: Any) -> Version:
    """As make_draft, published."""
    return publish_version(version=make_draft(*signals, **values), by=SYSTEM, now=NOW)
