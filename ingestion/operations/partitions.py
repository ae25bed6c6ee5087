"""The monthly partitions of events: made ahead, and dropped when no tenant keeps their month. Only the owner may do
either, so both go through functions that run with its rights (ingestion/sql/partitions.sql, ADR 0011)."""

import logging
from datetime import date, datetime

from django.db import OperationalError, connection, transaction

from ingestion.queries.retention import living_tenants, retention_of
from ingestion.queries.storage import months_with_partition
from ingestion.rules.retention import next_month
from tenants.models import Tenant
from tenants.operations import note_kept_since

logger = logging.getLogger(__name__)

MONTHS_AHEAD = 3
MOVING_MAY_TAKE = "15min"  # events that came while no partition was made are moved out of the default one


def make_partitions(*, now: datetime) -> int:
    """Make sure that events of this month and the coming ones have a partition. Returns how many were made."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = '{MOVING_MAY_TAKE}'")
        cursor.execute("SELECT ensure_event_partitions(%s::date, %s)", [now.date(), MONTHS_AHEAD])
        return int(cursor.fetchone()[0])


def drop_partitions(*, now: datetime) -> list[date]:
    """Drop the months that every tenant has let go of. Returns them. A month that is being read just now is left for
    the next time: nobody waits long for the lock."""
    _let_go_for_suspended(now)
    tenants = living_tenants()
    kept = [tenant.events_kept_since for tenant in tenants]
    if not kept or None in kept:
        return []
    first_kept = min(day for day in kept if day is not None)
    dropped = []
    for month in months_with_partition():
        if next_month(month) <= first_kept and _drop(month):
            dropped.append(month)
    return dropped


def _let_go_for_suspended(now: datetime) -> None:
    """Nothing is done for a suspended tenant, and its months go all the same."""
    for tenant in Tenant.objects.filter(status=Tenant.Status.SUSPENDED):
        note_kept_since(tenant=tenant, events=retention_of(tenant, now=now).events, activity=None)


def _drop(month: date) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT drop_event_partition(%s)", [month])
            return bool(cursor.fetchone()[0])
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") != "55P03":  # lock_not_available
            raise
        logger.warning("partition_is_read", extra={"month": month.isoformat()})
        return False
