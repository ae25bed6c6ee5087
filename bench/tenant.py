"""The tenant that the benches measure, and the events they send."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING

from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.models import BusinessUnit
from tenants.operations import create_source, create_tenant, issue_write_key

ACTION = "Report Exported"
EXPORTS_NEEDED = 12
NAMES = [ACTION, "Signed In", "Board Created", "Card Moved", "Search Done"]


if TYPE_CHECKING:
    from ingestion.models import Action


@dataclass(frozen=True)
class BenchTenant:
    tenant_id: int
    key: str
    source_id: str


def make_tenant(slug: str) -> BenchTenant:
    """A tenant with one source, one key and one action that a fifth of the events match."""
    from ingestion.models.events import EventKind
    from ingestion.operations import create_action

    now = datetime.now(UTC)
    tenant = create_tenant(slug=slug, name=slug.title(), by=SYSTEM, now=now, time_zone="Europe/Berlin")
    with tenant_context(tenant.pk):
        source = create_source(name="Bench", kind="server", by=SYSTEM, now=now)
        _key, secret = issue_write_key(source=source, by=SYSTEM, now=now)
        corporate = BusinessUnit.objects.get(parent__isnull=True)
        action = create_action(
            business_unit=corporate,
            name="Exported",
            event_kind=EventKind.TRACK,
            event_name=ACTION,
            filters=[],
            number_property="rows",
            by=SYSTEM,
            now=now,
        )
        _publish(corporate, action, now)
    return BenchTenant(tenant.pk, secret, str(source.pk))


def _publish(unit: BusinessUnit, action: "Action", now: datetime) -> None:
    """A person who exported EXPORTS_NEEDED times in a week is a PQL."""
    from ingestion.models.events import EventKind
    from ingestion.operations import create_action
    from scoring.models import Band, Level, Signal
    from scoring.operations import create_definition, create_motion, publish_version, save_draft

    goal = create_action(
        business_unit=unit,
        name="Bought",
        event_kind=EventKind.TRACK,
        event_name="Bought",
        filters=[],
        number_property="",
        by=SYSTEM,
        now=now,
    )
    motion = create_motion(business_unit=unit, name="Buy", goal_action=goal, by=SYSTEM, now=now)
    definition = create_definition(
        business_unit=unit, motion=motion, name="Exports", level=Level.PERSON, by=SYSTEM, now=now
    )
    signal = Signal(
        name="Exported often",
        kind="count",
        action=action,
        window="days",
        window_length=7,
        at_least=Decimal(EXPORTS_NEEDED),
        points=5000,
    )
    bands = [Band(name="hot", minimum=5000), Band(name="cold", minimum=0)]
    save_draft(
        version=definition.versions.get(),
        signals=[signal],
        bands=bands,
        enter_threshold=5000,
        exit_threshold=5000,
        requalify_after_days=30,
        by=SYSTEM,
        now=now,
    )
    publish_version(version=definition.versions.get(), by=SYSTEM, now=now)


def events(count: int, *, seed: int, persons: int = 2_000) -> list[dict[str, object]]:
    """Track calls as a server SDK sends them, over the last month, of `persons` people in a tenth as many accounts."""
    rng = Random(seed)
    end = datetime.now(UTC)
    made: list[dict[str, object]] = []
    for number in range(count):
        person = rng.randrange(persons)
        at = end - timedelta(seconds=rng.randrange(30 * 86400))
        made.append(
            {
                "type": "track",
                "messageId": f"bench-{seed}-{number}",
                "userId": f"user-{person}",
                "event": rng.choice(NAMES),
                "timestamp": at.isoformat(),
                "properties": {
                    "rows": rng.randrange(5000),
                    "format": "csv",
                    "plan": "team",
                    "screen": "board",
                },
                "context": {
                    "groupId": f"account-{person // 10}",
                    "library": {"name": "analytics-python", "version": "2.4.0"},
                },
            }
        )
    return made


def batches(rows: list[dict[str, object]], size: int) -> list[bytes]:
    return [json.dumps({"batch": rows[start : start + size]}).encode() for start in range(0, len(rows), size)]
