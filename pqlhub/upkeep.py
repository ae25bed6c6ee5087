"""Small chores of the platform."""

from datetime import datetime, timedelta

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.conf import settings
from django.contrib.sessions.models import Session

from ingestion import operations as ingestion

LOGINS_KEPT = timedelta(days=90)


def run(*, now: datetime) -> None:
    """Make sure events of the coming months have a partition, and let go of what is too old: months of events, uploaded
    files, sessions, traces of log-ins. Safe at any time and twice."""
    ingestion.make_partitions(now=now)
    ingestion.wake_trims(now=now)
    ingestion.wake_watches(now=now)
    ingestion.drop_partitions(now=now)
    ingestion.remove_old_files(keep=timedelta(days=settings.IMPORT_KEEP_DAYS))
    Session.objects.filter(expire_date__lt=now).delete()
    for model in (AccessAttempt, AccessFailureLog, AccessLog):
        model.objects.filter(attempt_time__lt=now - LOGINS_KEPT).delete()
