"""Runs the statements of reports, which read a tenant's PQLs from the first to the last."""

from typing import Any

from django.db import connection

from ingestion.queries import sql
from scoring.queries.evaluation import wide_plans


def fetch(statement: str, **parameters: Any) -> list[sql.Row]:
    """As ingestion.queries.sql.fetch, planned for many rows, also where statistics do not know the tenant yet: joins
    by hash only. At 100,000 PQLs of a tenant just imported nested loops ran into the time limit, and so did a merge
    over the definitions alone, which compares each subject of a definition with each other one."""
    with wide_plans(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_mergejoin = off")
        rows = sql.fetch(statement, **parameters)
        cursor.execute("SET LOCAL enable_mergejoin TO DEFAULT")
        return rows
