"""One writer of a tenant's history at a time."""

from ingestion.queries.sql import fetch

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('history', %(tenant_id)s))"


def lock_history() -> None:
    """Until the end of the transaction nobody else adds to this tenant's history or to what is matched against it."""
    fetch(_LOCK)
