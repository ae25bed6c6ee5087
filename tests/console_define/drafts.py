"""What a browser posts from the editor."""

from typing import Any

from django.urls import reverse

from scoring.models import Definition

THRESHOLDS = {"enter_threshold": "20", "exit_threshold": "10", "requalify_after_days": "30"}
SIGNED_IN = {
    "name": "Active",
    "kind": "count",
    "action": "Signed in",
    "at_least": "2",
    "window": "days",
    "window_length": "7",
    "points": "20",
    "points_mode": "fixed",
}
HOT = {"name": "hot", "minimum": "20"}


def posted(
    definition: Definition,
    *signals: dict[str, str],
    bands: tuple[dict[str, str], ...] = (HOT,),
    **fields: str,
) -> dict[str, Any]:
    """The whole form; fields override the thresholds and facts."""
    data: dict[str, Any] = {"name": definition.name, "motion": str(definition.motion_id), "description": ""}
    data |= THRESHOLDS | fields
    for prefix, rows in (("signals", signals), ("bands", bands)):
        for place, row in enumerate(rows):
            data |= {f"{prefix}-{place}-{name}": value for name, value in row.items()}
    return data


def url(name: str, definition: Definition) -> str:
    return reverse(f"admin:scoring_definition_{name}", args=[definition.pk])
