"""Tracking plans that are live, and events of plans in the words of the form."""

from collections.abc import Iterable
from typing import Any

from ingestion.models import TrackingPlan
from ingestion.operations import create_tracking_plan, publish_draft
from ingestion.queries.tracking import draft_of
from ingestion.rules.tracking_rows import Row, Rows, schema_of
from tenants.audit import SYSTEM
from tenants.models import Source
from tests.factories.ingestion import START


def planned(name: str, *rows: Row, type: str = "track", is_open: bool = False) -> dict[str, Any]:
    """An event of a plan."""
    return {"type": type, "name": name, "schema": schema_of(Rows(rows, is_open))}


SIGNED_UP = planned(
    "Signed Up",
    Row("plan", "string", is_required=True, allowed=("free", "pro")),
    Row("seats", "integer", may_be_null=True),
)


def make_plan(
    *sources: Source, events: Iterable[Any] = (SIGNED_UP,), name: str = "App", **settings: Any
) -> TrackingPlan:
    """A plan with one draft."""
    document = {"events": list(events), **settings}
    return create_tracking_plan(name=name, sources=sources, document=document, by=SYSTEM, now=START)


def publish(plan: TrackingPlan) -> None:
    draft = draft_of(plan)
    assert draft is not None
    publish_draft(plan=plan, seen=draft.edition, by=SYSTEM, now=START)


def live_plan(*sources: Source, **options: Any) -> TrackingPlan:
    plan = make_plan(*sources, **options)
    publish(plan)
    return plan
