"""Writes everything held about one person or account to a zip: a file of JSON lines for each table, and a page to
read.

In slices: a table is written page by page into a file of its own, and where it stands commits with each page. Killed,
it goes on behind the last page; what was written after it is cut off."""

import time
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.template.loader import render_to_string

from ingestion.models import PersonalExport, SubjectKind
from ingestion.operations import personal_exports
from ingestion.queries.personal import scope_of, subject_row
from pqlhub.privacy.holdings import HOLDINGS, with_leads
from tenants.context import tenant_context
from tenants.personal import Scope, read_page
from tenants.queries import get_tenant

Clock = Callable[[], datetime]
PAGE = 2_000


def continue_personal_export(
    *, tenant_id: int, export_id: UUID, clock: Clock, seconds: float
) -> datetime | None:
    """Go on for about `seconds`. Returns when to come again (a ready file is deleted when it expires), None when there
    is nothing left to do. Call it outside any transaction."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with tenant_context(tenant_id):
            export = PersonalExport.objects.select_for_update().filter(pk=export_id).first()
            if export is None or export.state == PersonalExport.State.GONE:
                return None
            if export.state == PersonalExport.State.READY:
                return _expire(export, clock())
            scope = with_leads(
                scope_of(export.subject_kind, export.subject_id, with_companions=export.with_companions)
            )
            if int(export.place.get("table", 0)) < len(HOLDINGS):
                _write_page(export, scope)
            else:
                size = _pack(export, clock())
                personal_exports.finish_personal_export(export=export, size=size, now=clock())
    return clock()


def _expire(export: PersonalExport, now: datetime) -> datetime | None:
    if export.expires_at is not None and now < export.expires_at:
        return export.expires_at
    personal_exports.discard_export(export)
    return None


def _write_page(export: PersonalExport, scope: Scope) -> None:
    """The next page of the table it stands at."""
    place = {"table": 0, "after": None, "bytes": 0} | export.place
    holding = HOLDINGS[place["table"]]
    lines, last = read_page(holding, scope, after=place["after"], size=PAGE)
    path = _part(export, holding.table)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    text = "".join(f"{line}\n" for line in lines).encode()
    with open(path, "ab") as file:
        file.truncate(place["bytes"])  # what a killed worker wrote and did not commit
        file.write(text)
    place["bytes"] += len(text)
    if lines:
        export.rows[holding.table] = export.rows.get(holding.table, 0) + len(lines)
    if last is None:
        place = {"table": place["table"] + 1, "after": None, "bytes": 0}
    else:
        place["after"] = last
    export.place = place
    export.save(update_fields=["place", "rows"])


def _pack(export: PersonalExport, now: datetime) -> int:
    """All parts and the page about them in one file. Returns its size."""
    path = personal_exports.file_of(export)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("index.html", _index(export, now))
        for table in export.rows:
            archive.write(_part(export, table), f"{table}.jsonl")
    for holding in HOLDINGS:
        _part(export, holding.table).unlink(missing_ok=True)
    return path.stat().st_size


def _index(export: PersonalExport, now: datetime) -> str:
    row = subject_row(export.subject_kind, export.subject_id)
    context = {
        "subject": row,
        "kind": SubjectKind(export.subject_kind).label,
        "traits": sorted(row.traits.items()) if row else [],
        "tables": [(each, export.rows[each.table]) for each in HOLDINGS if each.table in export.rows],
        "company": get_tenant(export.tenant_id).name,
        "now": now,
    }
    return render_to_string("pqlhub/personal_export.html", context)


def _part(export: PersonalExport, table: str) -> Path:
    return personal_exports.folder_of(export) / f"{table}.jsonl"
