"""Keeps the operators' jobs page true: when each job ran, how long ago, and what went wrong."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import F

from pqlhub.models import JobStatus

Clock = Callable[[], datetime]
log = structlog.stdlib.get_logger(__name__)


def note_run(*, name: str, started_at: datetime, finished_at: datetime) -> None:
    """A job ended well."""
    with transaction.atomic():
        JobStatus.objects.get_or_create(name=name)
        JobStatus.objects.filter(name=name).update(
            last_started_at=started_at, last_finished_at=finished_at, runs=F("runs") + 1
        )


def note_failure(*, name: str, error: BaseException, tenant_id: int | None, at: datetime) -> None:
    """A job failed. The log has the traceback; the page shows the kind of error and the tenant."""
    log.error("job failed", job=name, tenant_id=tenant_id, exc_info=error)
    where = f" (tenant {tenant_id})" if tenant_id else ""
    with transaction.atomic():
        JobStatus.objects.get_or_create(name=name)
        JobStatus.objects.filter(name=name).update(
            failures=F("failures") + 1, last_failed_at=at, last_error=f"{type(error).__name__}{where}"[:200]
        )


@contextmanager
def noted(name: str, clock: Clock) -> Iterator[None]:
    """Note the run of a tick, and re-raise what goes wrong in it."""
    started_at = clock()
    try:
        yield
    except Exception as error:
        note_failure(name=name, error=error, tenant_id=None, at=clock())
        raise
    note_run(name=name, started_at=started_at, finished_at=clock())
