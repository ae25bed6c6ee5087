"""Runs the statements of reports, which read a tenant's PQLs from the first to the last."""

from typing import Any

from ingestion.queries import sql
from scoring.queries.evaluation import wide_plans


def fetch(statement: str, **parameters: Any) -> list[sql.Row]:
    """As ingestion.queries.sql.fetch, planned for many rows, also where statistics do not know the tenant yet: the
    nested loops that the planner chose for a tenant just imported ran into the time limit at 100,000 PQLs."""
    with wide_plans():
        return sql.fetch(statement, **parameters)
