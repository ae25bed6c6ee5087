"""One scorer per tenant at a time."""

from django.db import connection

from tenants.context import current_tenant_id


def lock_scoring() -> None:
    """Wait for our turn to score or publish in this tenant; held to the end of the transaction.

    Without it a worker that computed before another's events could write after it, and the older score would stay.
    Every statement after the lock sees what the one before us committed.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('score', %s))", [current_tenant_id()])
