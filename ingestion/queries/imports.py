"""Files that wait for somebody, and how files were mapped before."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from ingestion.models import ImportFile, ImportRun, QuarantinedEvent

REMEMBERED = 50


def waiting_files(*, now: datetime) -> QuerySet[ImportFile]:
    """Uploaded and not yet imported, newest first. A file past its time is gone from the disk."""
    return ImportFile.objects.filter(run=None, expires_at__gt=now).order_by("-uploaded_at")


def earlier_runs() -> Sequence[ImportRun]:
    """The newest imports, each with its source and mapping."""
    return ImportRun.objects.select_related("source").order_by("-started_at")[:REMEMBERED]


def rejected_rows(run_id: UUID) -> QuerySet[QuarantinedEvent]:
    """What an import refused, in the order of the file."""
    return QuarantinedEvent.objects.filter(import_run_id=run_id).order_by("row_number", "id")
