"""Runs the room's hand-written SQL. Many rows travel as one JSON text into jsonb_to_recordset: measured 4 times faster
than arrays of the driver, and half as fast as COPY, which row-level security forbids."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from django.db import connection

from tenants.context import current_tenant_id

Row = tuple[Any, ...]


def fetch(statement: str, **parameters: Any) -> list[Row]:
    """The rows of a query or of RETURNING. `tenant_id` is always among the parameters."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters | {"tenant_id": current_tenant_id()})
        return cursor.fetchall()


def execute(statement: str, **parameters: Any) -> int:
    """How many rows the statement changed. `tenant_id` is always among the parameters."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters | {"tenant_id": current_tenant_id()})
        return cursor.rowcount


def as_json(rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows as the text for jsonb_to_recordset. Instants and UUIDs are written out; pass a Decimal as str.

    Integers beyond 64 bits pass too; what PostgreSQL cannot store (NUL, lone surrogates) makes its DataError."""
    listed = list(rows)
    try:
        return orjson.dumps(listed).decode()
    except TypeError:
        return json.dumps(listed, default=str, separators=(",", ":"))
