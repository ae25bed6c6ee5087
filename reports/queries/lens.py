"""What one user's figures are about: which definitions, which of their PQLs, as of which moment."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F, Min, Q, QuerySet

from scoring.models import Definition, Level, Version
from scoring.queries.specs import newest_action_versions


@dataclass(frozen=True)
class Lens:
    """One definition as one user may see it, as of `now`.

    Who may not see held-out leads sees figures of a world without them: the subjects are left out above and below the
    line, so that shares stay true and nobody can be found by subtraction. band: the band in which a PQL entered; empty
    for all.
    """

    definition: Definition
    start_version_id: int | None
    live_since: datetime | None
    sees_held_out: bool
    band: str
    now: datetime

    @property
    def level(self) -> int:
        return int(self.definition.level)

    @property
    def goal_days(self) -> int:
        return int(self.definition.motion.goal_window_days)

    @property
    def arrivals_key(self) -> tuple[int, bool, bool]:
        """Which of the statements about sign-ups (journeys.WITH_ARRIVALS) answers."""
        return self.level, self.start_version_id is not None, bool(self.band)

    def parameters(self) -> dict[str, object]:
        """What the statements of this room have in common."""
        return {
            "definitions": [self.definition.pk],
            "motions": [self.definition.motion_id],
            "has_persons": self.level == Level.PERSON,
            "start_version": self.start_version_id,
            "live_since": self.live_since,
            "sees_held_out": self.sees_held_out,
            "band": self.band,
            "now": self.now,
        }


def definitions_in_scope(visible: Q, unit_path: str = "") -> QuerySet[Definition]:
    """Definitions that somebody may see (`visible`, over business_unit__path), in a unit and everything below it;
    archived ones last."""
    rows: QuerySet[Definition] = Definition.objects.filter(visible, business_unit__path__startswith=unit_path)
    rows = rows.select_related("business_unit", "motion__start_action", "motion__goal_action")
    return rows.order_by(F("archived_at").asc(nulls_first=True), "name", "id")


def look_at(definition: Definition, *, sees_held_out: bool, band: str, now: datetime) -> Lens:
    """A lens on one definition. 2 queries."""
    start_action = definition.motion.start_action_id
    start = newest_action_versions([start_action]).get(start_action) if start_action else None
    live_since = Version.objects.filter(definition=definition).aggregate(first=Min("published_at"))["first"]
    return Lens(definition, start.pk if start else None, live_since, sees_held_out, band, now)


def bands_of(definition_ids: list[UUID]) -> list[str]:
    """Names of the bands in which these definitions' PQLs can be, the highest first."""
    versions = Version.objects.filter(definition_id__in=definition_ids, closure__isnull=False)
    lowest: dict[str, int] = {}
    for closure in versions.order_by("published_at").values_list("closure", flat=True):
        for band in closure.get("bands", []):
            lowest[band["name"]] = int(band["minimum"])
    return sorted(lowest, key=lambda name: (-lowest[name], name))
