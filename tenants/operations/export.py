"""Writes everything of one tenant to a zip file: one JSON Lines file a table, read through the tenant's own wall."""

import json
import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import connection
from psycopg import sql

from tenants import audit, catalogue, queries
from tenants.audit import Actor
from tenants.context import tenant_context
from tenants.models import Tenant

ROWS_AT_ONCE = 5_000
# Secrets and their hashes stay here: they would open doors and serve nobody elsewhere.
SECRET_COLUMNS = {"secret", "previous_secret", "secret_hash", "token_hash"}
PEOPLE = """
SELECT DISTINCT json_build_object('id', u.id, 'email', u.email, 'name', u.name)::jsonb::text
FROM tenants_user u JOIN tenants_membership m ON m.user_id = u.id ORDER BY 1
"""
Progress = Callable[[str, int], None]


class ExportRunning(RuntimeError):
    """Another process is writing this tenant's export."""


def exports_folder() -> Path:
    """Where exports are kept, readable for this account only."""
    folder = Path(settings.HOME) / "exports"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def export_tenant(
    *, tenant: Tenant, by: Actor, now: datetime, target: Path | None = None, progress: Progress | None = None
) -> Path:
    """Write the export and return its path. All tables are read in one snapshot. Call it outside any transaction.

    `progress` is told a table's name and its rows when the table is done. Raises ExportRunning when another process
    writes one of this tenant, and OSError when the file cannot be written."""
    target = target or exports_folder() / f"{tenant.slug}-{now:%Y%m%dT%H%M%SZ}.zip"
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            _write(file, tenant, now, progress)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    audit.record_platform(
        by=by, verb="tenant.exported", target=tenant.slug, now=now, detail={"file": target.name}
    )
    return target


def export_if_requested(*, tenant_id: int, by: Actor, now: datetime) -> Path | None:
    """Write the export that was asked for since the last one (operations/tenants.py: request_export), or do nothing."""
    tenant = Tenant.objects.filter(pk=tenant_id).first()
    if tenant is None or not queries.export_is_pending(tenant.slug):
        return None
    return export_tenant(tenant=tenant, by=by, now=now)


def _write(file: IO[bytes], tenant: Tenant, now: datetime, progress: Progress | None) -> None:
    counts: dict[str, int] = {}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive, _snapshot(tenant.pk):
        for table in ("people", *catalogue.tenant_tables()):
            lines = _people() if table == "people" else _rows_of(table, tenant.pk)
            with archive.open(f"{table}.jsonl", "w", force_zip64=True) as part:
                counts[table] = 0
                for line in lines:
                    part.write(line.encode() + b"\n")
                    counts[table] += 1
            if progress is not None:
                progress(table, counts[table])
        archive.writestr("manifest.json", json.dumps(_manifest(tenant, now, counts), indent=2))


def _manifest(tenant: Tenant, now: datetime, counts: dict[str, int]) -> dict[str, object]:
    described = {name: getattr(tenant, name) for name in ("slug", "name", "time_zone", "currency", "status")}
    return {
        "format": 1,
        "tenant": described | {"id": tenant.pk, "created_at": tenant.created_at.isoformat()},
        "exported_at": now.isoformat(),
        "columns_left_out": sorted(SECRET_COLUMNS),
        "rows": counts,
    }


@contextmanager
def _snapshot(tenant_id: int) -> Iterator[None]:
    """One moment of the tenant for all tables; and no second export of the same tenant meanwhile."""
    with tenant_context(tenant_id), connection.cursor() as cursor:
        if not connection.savepoint_ids:  # inside another transaction (tests) its own level holds
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended('export', %s))", [tenant_id])
        if not cursor.fetchone()[0]:
            raise ExportRunning("Another process is writing this tenant's export. Wait for it to finish.")
        yield


def _people() -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(PEOPLE)
        yield from (row[0] for row in cursor.fetchall())


def _rows_of(table: str, tenant_id: int) -> Iterator[str]:
    """The table's rows as JSON, in key order, a page at a time: every statement is short, whatever the table's size."""
    key = catalogue.primary_key(table)
    columns = [name for name in catalogue.columns(table) if name not in SECRET_COLUMNS]
    names = sql.SQL(", ").join(map(sql.Identifier, key))
    page = sql.SQL(
        "SELECT row_to_json(page)::text, {key} FROM (SELECT {columns} FROM {table} WHERE tenant_id = {tenant}"
        " {after} ORDER BY {key} LIMIT {limit}) AS page"
    )
    after: sql.Composable = sql.SQL("")
    while True:
        query = page.format(
            key=names,
            columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
            table=sql.Identifier(table),
            tenant=sql.Literal(tenant_id),
            after=after,
            limit=sql.Literal(ROWS_AT_ONCE),
        )
        with connection.cursor() as cursor:
            cursor.execute(query.as_string(cursor.connection))
            rows = cursor.fetchall()
        yield from (row[0] for row in rows)
        if len(rows) < ROWS_AT_ONCE:
            return
        last = sql.SQL(", ").join(map(sql.Literal, rows[-1][1:]))
        after = sql.SQL("AND ({key}) > ({last})").format(key=names, last=last)
