"""What an import would do, without doing it."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from ingestion.connectors.files import file_hash
from ingestion.models import ImportRun
from ingestion.operations.arrivals import Arrival
from ingestion.operations.imports import FileImport
from ingestion.operations.marks import exclusion_rules
from ingestion.queries.sql import fetch
from ingestion.rules.types import Kind, Rejection
from tenants.context import tenant_context

SAMPLES = 5

_KNOWN_USERS = """
SELECT count(*) FROM ingestion_identity WHERE tenant_id = %(tenant_id)s AND kind = 1 AND value = ANY(%(values)s::text[])
"""
_KNOWN_ACCOUNTS = (
    "SELECT count(*) FROM ingestion_account WHERE tenant_id = %(tenant_id)s AND key = ANY(%(values)s::text[])"
)


@dataclass
class Preview:
    """`reasons` counts why rows would be rejected; `samples` are a few of them by row number (from 1). `done_before`:
    when this very import was done, if it was."""

    rows: int = 0
    good: int = 0
    first: datetime | None = None
    last: datetime | None = None
    names: Counter[str] = field(default_factory=Counter)
    users: set[str] = field(default_factory=set)
    accounts: set[str] = field(default_factory=set)
    known_users: int = 0
    known_accounts: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    samples: list[tuple[int, Rejection]] = field(default_factory=list)
    done_before: datetime | None = None


def preview_file(file: FileImport) -> Preview:
    """Read the whole file as an import would, and write nothing. Raises FileError."""
    preview = Preview()
    digest = file_hash(file.path)
    with tenant_context(file.tenant.pk):
        rules = exclusion_rules()
        done = ImportRun.objects.filter(
            source=file.source,
            file_hash=digest,
            mapping=file.plan.to_json(),
            state=ImportRun.State.DONE,
        ).first()
    preview.done_before = done.finished_at if done else None
    for piece in file.slices():
        with tenant_context(file.tenant.pk):
            arrivals, refused = file.read(piece, digest=digest, request=file.request(), rules=rules)
        preview.rows += len(piece)
        preview.good += len(arrivals)
        for arrival in arrivals:
            _look(preview, arrival)
        for number, each in refused:
            preview.reasons[each.reason.code] += 1
            if len(preview.samples) < SAMPLES:
                preview.samples.append((number + 1, each.reason))
    with tenant_context(file.tenant.pk):
        preview.known_users = fetch(_KNOWN_USERS, values=list(preview.users))[0][0]
        preview.known_accounts = fetch(_KNOWN_ACCOUNTS, values=list(preview.accounts))[0][0]
    return preview


def _look(preview: Preview, arrival: Arrival) -> None:
    message = arrival.message
    preview.first = min(preview.first or message.ts, message.ts)
    preview.last = max(preview.last or message.ts, message.ts)
    preview.names[message.name or f"({Kind(message.kind).name.lower()})"] += 1
    if message.user_id is not None:
        preview.users.add(message.user_id)
    if message.group_id is not None:
        preview.accounts.add(message.group_id)
