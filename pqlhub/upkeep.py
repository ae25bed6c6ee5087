"""Small chores of the platform."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction

from ingestion import operations as ingestion

PARTITIONS_AHEAD = 3


def run(*, now: datetime) -> None:
    """Make sure events of the coming months have a partition; delete uploaded files that are too old. Safe at any time
    and twice."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT ensure_event_partitions(%s::date, %s)", [now.date(), PARTITIONS_AHEAD])
    ingestion.remove_old_files(keep=timedelta(days=settings.IMPORT_KEEP_DAYS))
