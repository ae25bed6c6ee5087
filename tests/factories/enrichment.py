"""An enrichment that asks a vendor on this machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import orjson

from ingestion.models import Enrichment
from ingestion.operations import create_enrichment, switch_enrichment
from tenants.audit import SYSTEM
from tests.receiver import Received, Receiver, Reply, receiver

SECRET = "Bearer sesame-4711"
MAPPING = [
    {"path": "company.employees", "trait": "employees"},
    {"path": "company.tags.0", "trait": "segment"},
]


def company(employees: int = 250) -> Reply:
    return Reply(body=orjson.dumps({"company": {"employees": employees, "tags": ["b2b"], "secret_plan": 1}}))


@contextmanager
def vendor() -> Iterator[Receiver]:
    """Knows every company, until told otherwise."""
    with receiver() as box:
        box.reply = company()
        yield box


def asked_about(box: Receiver) -> list[str]:
    """The domains, in order."""
    return [request.path.rpartition("=")[2] for request in box.received]


def by_domain(**replies: Reply) -> Any:
    """A vendor that answers each domain (dots written as _) in its own way, and knows the others."""

    def answer(request: Received) -> Reply:
        return replies.get(request.path.rpartition("=")[2].replace(".", "_"), company())

    return answer


def values(box: Receiver, **changes: Any) -> dict[str, Any]:
    usual = {
        "name": "Vendor",
        "url": f"{box.url}?domain={{domain}}",
        "header_name": "Authorization",
        "secret": SECRET,
        "mapping": MAPPING,
        "keep_days": 90,
        "calls_per_day": 500,
    }
    return usual | changes


def make_enrichment(box: Receiver, now: datetime, **changes: Any) -> Enrichment:
    """Switched on."""
    row = create_enrichment(**values(box, **changes), by=SYSTEM, now=now)
    switch_enrichment(enrichment=row, is_enabled=True, by=SYSTEM, now=now)
    row.refresh_from_db()
    return row
