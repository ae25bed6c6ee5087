"""Small chores of the platform."""

from datetime import datetime

from django.db import connection, transaction

PARTITIONS_AHEAD = 3


def run(*, now: datetime) -> None:
    """Make sure events of the coming months have a partition. Safe at any time and twice."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT ensure_event_partitions(%s::date, %s)", [now.date(), PARTITIONS_AHEAD])
