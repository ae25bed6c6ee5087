"""The dry run of an uploaded file, in slices: what its import would do, row by row, and nothing written but that."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from ingestion.connectors.files import NumberedRow
from ingestion.connectors.stored_files import path_of
from ingestion.connectors.unpacking import FileError
from ingestion.models import ImportFile
from ingestion.operations.arrivals import Arrival, message_hash
from ingestion.operations.fold import Refused
from ingestion.operations.imports import FileImport, ImportRefused
from ingestion.operations.marks import exclusion_rules
from ingestion.operations.memory import collector_paused
from ingestion.queries.sql import fetch
from ingestion.rules.json_text import dump_json
from ingestion.rules.mapping import Plan
from ingestion.rules.types import Kind
from tenants import audit
from tenants.audit import Actor
from tenants.context import current_tenant_id, tenant_context
from tenants.models import Source
from tenants.queries import get_tenant
from tenants.work import wake

SAMPLES = 5  # rows shown of each kind of error
LISTED = 1_000  # names and ids that are told apart; beyond, “more than”
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)  # before most products: a unit or a default went wrong

_UNKNOWN_USERS = """
SELECT r.value FROM unnest(%(values)s::text[]) AS r(value) WHERE NOT EXISTS (
    SELECT 1 FROM ingestion_identity AS i WHERE i.tenant_id = %(tenant_id)s AND i.kind = 1 AND i.value = r.value
)
"""
_UNKNOWN_ACCOUNTS = """
SELECT r.value FROM unnest(%(values)s::text[]) AS r(value) WHERE NOT EXISTS (
    SELECT 1 FROM ingestion_account AS a WHERE a.tenant_id = %(tenant_id)s AND a.key = r.value
)
"""
_KNOWN_EVENTS = """
SELECT count(*) FROM ingestion_event_key
WHERE tenant_id = %(tenant_id)s AND message_hash = ANY(%(hashes)s::text[]::uuid[])
"""


@dataclass
class Findings:
    """What the dry run found so far. `errors`: by reason its number and a few rows (number from 1, what is wrong, as
    read). `first` and `last` are ISO times in UTC. Unknown ids are listed up to LISTED."""

    good: int = 0
    known: int = 0
    first: str = ""
    last: str = ""
    long_ago: int = 0
    future: int = 0
    names: dict[str, int] = field(default_factory=dict)
    unknown_users: list[str] = field(default_factory=list)
    unknown_accounts: list[str] = field(default_factory=list)
    errors: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def rejected(self) -> int:
        return sum(each["number"] for each in self.errors.values())


@transaction.atomic
def request_check(
    *,
    file: ImportFile,
    source: Source,
    plan: Plan,
    by: Actor,
    now: datetime,
    is_historical: bool = True,
) -> None:
    """Map the file and ask the workers to read it all without storing anything. Raises ImportRefused when it is being
    imported already."""
    file = ImportFile.objects.select_for_update().get(pk=file.pk)
    if file.run_id is not None:
        raise ImportRefused(_("This file was handed to an import already. Upload it again to map it anew."))
    file.source, file.mapping, file.state = source, plan.to_json(), ImportFile.State.CHECKING
    file.rows_checked, file.findings, file.error = 0, asdict(Findings()), ""
    file.is_historical = is_historical
    file.save()
    audit.record(by=by, verb="import_file.mapped", target=file, fields=["source", "mapping"], now=now)
    wake(tenant_id=current_tenant_id(), kind="check", ref=str(file.pk), at=now)


def continue_check(*, tenant_id: int, file_id: UUID, clock: Callable[[], datetime], seconds: float) -> bool:
    """Do the next slices of a dry run, each in a transaction of its own; a killed one goes on after its last slice.
    Returns whether there is more. Opens its own tenant contexts."""
    deadline = time.monotonic() + seconds
    with tenant_context(tenant_id):
        stored = ImportFile.objects.select_related("source").filter(pk=file_id).first()
        if stored is None or stored.state != ImportFile.State.CHECKING:
            return False
        file = file_import(stored, now=clock())
    try:
        for piece in file.slices(stored.rows_checked):
            with tenant_context(tenant_id), collector_paused():
                if not _check_slice(file, file_id, piece):
                    return False
            if time.monotonic() >= deadline:  # asked after the slice: every call gets somewhere
                return True
    except FileError as error:
        return _end(tenant_id, file_id, ImportFile.State.FAILED, str(error))
    return _end(tenant_id, file_id, ImportFile.State.CHECKED, "")


def file_import(stored: ImportFile, *, now: datetime) -> FileImport:
    """The stored file as what the import reads."""
    plan = Plan.from_json(cast(dict[str, Any], stored.mapping))
    tenant_id = current_tenant_id()
    return FileImport(
        tenant=get_tenant(tenant_id),
        source=cast(Source, stored.source),
        path=path_of(tenant_id, stored.stored_as),
        plan=plan,
        now=now,
        name=stored.file_name,
        is_historical=stored.is_historical,
    )


def _end(tenant_id: int, file_id: UUID, state: str, error: str) -> bool:
    with tenant_context(tenant_id):
        rows = ImportFile.objects.filter(pk=file_id, state=ImportFile.State.CHECKING)
        rows.update(state=state, error=error)
    return False


def _check_slice(file: FileImport, file_id: UUID, piece: list[NumberedRow]) -> bool:
    """Add a slice to the findings. False when somebody else did, or the file was mapped anew or thrown away."""
    stored = ImportFile.objects.select_for_update().filter(pk=file_id).first()
    if stored is None or stored.state != ImportFile.State.CHECKING or stored.rows_checked != piece[0][0]:
        return False
    arrivals, refused = file.read(
        piece, digest=stored.file_hash, request=file.request(), rules=exclusion_rules()
    )
    findings = Findings(**stored.findings)
    _add_good(findings, arrivals, file.now)
    for number, each in refused:
        _add_error(findings, number + 1, each)
    stored.findings, stored.rows_checked = asdict(findings), piece[-1][0] + 1
    stored.save(update_fields=["findings", "rows_checked"])
    return True


def _add_good(findings: Findings, arrivals: list[Arrival], now: datetime) -> None:
    findings.good += len(arrivals)
    if not arrivals:
        return
    messages = [arrival.message for arrival in arrivals]
    times = [message.ts.astimezone(UTC) for message in messages]
    findings.first = min(findings.first or "~", min(times).isoformat())
    findings.last = max(findings.last, max(times).isoformat())
    findings.long_ago += sum(1 for ts in times if ts < LONG_AGO)
    findings.future += sum(1 for ts in times if ts > now)
    for message in messages:
        name = message.name or Kind(message.kind).name.lower()
        if name in findings.names or len(findings.names) < LISTED:
            findings.names[name] = findings.names.get(name, 0) + 1
    hashes = [message_hash(arrival) for arrival in arrivals]
    findings.known += fetch(_KNOWN_EVENTS, hashes=hashes)[0][0]
    users = {message.user_id for message in messages if message.user_id}
    accounts = {key for message in messages if (key := message.group_id)}
    _add_unknown(findings.unknown_users, _UNKNOWN_USERS, users)
    _add_unknown(findings.unknown_accounts, _UNKNOWN_ACCOUNTS, accounts)


def _add_unknown(listed: list[str], statement: str, values: set[str]) -> None:
    new = sorted(values.difference(listed))
    if new and len(listed) < LISTED:
        unknown = sorted(row[0] for row in fetch(statement, values=new))
        listed += unknown[: LISTED - len(listed)]


def _add_error(findings: Findings, number: int, refused: Refused) -> None:
    kind = findings.errors.setdefault(refused.reason.code, {"number": 0, "samples": []})
    kind["number"] += 1
    if len(kind["samples"]) < SAMPLES:
        raw = refused.raw if isinstance(refused.raw, str) else dump_json(refused.raw).decode()
        text = raw.replace("\0", "").encode("utf-8", "replace").decode()[:300]
        kind["samples"].append([number, refused.reason.detail, text])
