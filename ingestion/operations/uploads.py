"""Files uploaded in the console, on their way to an import: received, started, paused, gone on with, cancelled."""

import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from ingestion.connectors import stored_files
from ingestion.connectors.sniffing import shape_of, suffix_of
from ingestion.connectors.unpacking import FileError
from ingestion.models import ImportFile, ImportRun
from ingestion.operations.file_checks import file_import
from ingestion.operations.imports import (
    ImportedElsewhere,
    ImportRefused,
    ImportResult,
    ImportStopped,
    finish_run,
    start_run,
    store_slices,
)
from tenants import audit
from tenants.audit import SYSTEM, Actor
from tenants.context import current_tenant_id, tenant_context
from tenants.work import wake

State = ImportRun.State
LONGEST_NAME = 200


def receive_file(
    *, name: str, chunks: Iterable[bytes], by: Actor, now: datetime, kind: str = ""
) -> ImportFile:
    """Keep an uploaded file and look at its beginning. kind: what its rows are, if somebody has said so.
    Raises FileError; then nothing of it is kept."""
    tenant_id = current_tenant_id()
    path, digest, size = stored_files.store(tenant_id, chunks)
    try:
        suffix = suffix_of(path)
        path = path.rename(path.with_name(path.name + suffix))
        shape = shape_of(path)
        with transaction.atomic():
            file = ImportFile.objects.create(
                file_name=_shown_name(name),
                stored_as=path.name,
                file_hash=digest,
                size=size,
                shape=shape.to_json() | {"kind": kind},
                uploaded_at=now,
                expires_at=now + timedelta(days=settings.IMPORT_KEEP_DAYS),
            )
            audit.record(by=by, verb="import_file.uploaded", target=file, fields=["file_name"], now=now)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return file


@transaction.atomic
def request_import(*, file: ImportFile, by: Actor, now: datetime) -> ImportRun:
    """Hand a checked file to its import, which workers take up: a new run, or the one of the same file, mapping and
    source, which goes on where it stopped. One that is done stays as it is. Raises ImportRefused."""
    file = ImportFile.objects.select_for_update(of=("self",)).select_related("source").get(pk=file.pk)
    if file.run is not None:
        return file.run
    if file.state != ImportFile.State.CHECKED:
        raise ImportRefused(
            _("This file has not been checked to its end. Wait for the dry run, then import it.")
        )
    result = start_run(file_import(file, now=now), file.file_hash, file.rows_checked, by)
    file.run = result.run
    file.save(update_fields=["run"])
    if result.done_before is None:
        _wake(result.run, now)
    else:
        _forget_file(file)
    return result.run


def continue_import(*, tenant_id: int, run_id: UUID, clock: Callable[[], datetime], seconds: float) -> bool:
    """Do the next slices of a run. Returns whether there is more: a run that was paused, cancelled or deleted has none.
    Opens its own tenant contexts."""
    deadline = time.monotonic() + seconds
    with tenant_context(tenant_id):
        stored = _newest_file(run_id)
        if stored is None or stored.run is None or stored.run.state != State.RUNNING:
            return False
        file, result = file_import(stored, now=clock()), ImportResult(stored.run)
    try:
        for _slice in store_slices(file, stored.file_hash, result):
            if time.monotonic() >= deadline:
                return True
    except (ImportStopped, ImportedElsewhere):
        return False
    except (FileError, ImportRefused) as error:
        with tenant_context(tenant_id):
            finish_run(result.run, State.FAILED, _what_now(file.path, str(error)), SYSTEM, clock())
        return False
    with tenant_context(tenant_id):
        finish_run(result.run, State.DONE, "", SYSTEM, clock())
        _forget_files(run_id)
    return False


@transaction.atomic
def pause_import(*, run: ImportRun, by: Actor, now: datetime) -> None:
    """Stop after the slice that is being stored. Raises ImportRefused for a run that is over."""
    _move(run, {State.RUNNING}, State.PAUSED, "import.paused", by, now)


@transaction.atomic
def resume_import(*, run: ImportRun, by: Actor, now: datetime) -> None:
    """Go on after the last row that was read. Raises ImportRefused when the run is over or its file gone."""
    file = _newest_file(run.pk)
    if file is None or not stored_files.path_of(current_tenant_id(), file.stored_as).is_file():
        raise ImportRefused(
            _(
                "The file is no longer kept. Upload it again with the same mapping: it goes on where it stopped."
            )
        )
    _move(run, {State.PAUSED, State.FAILED}, State.RUNNING, "import.resumed", by, now)
    _wake(run, now)


@transaction.atomic
def cancel_import(*, run: ImportRun, by: Actor, now: datetime) -> None:
    """Stop for good and delete the file; what was read stays. Raises ImportRefused for a run that is over."""
    states: set[str] = {State.RUNNING, State.PAUSED, State.FAILED}
    _move(run, states, State.CANCELLED, "import.cancelled", by, now)
    _forget_files(run.pk)


@transaction.atomic
def discard_file(*, file: ImportFile, by: Actor, now: datetime) -> None:
    """Throw away a file that was not imported. Raises ImportRefused when it was handed to an import."""
    file = ImportFile.objects.select_for_update().get(pk=file.pk)
    if file.run_id is not None:
        raise ImportRefused(_("This file was handed to an import. Cancel that instead."))
    audit.record(by=by, verb="import_file.discarded", target=file, fields=["file_name"], now=now)
    _forget_file(file)
    file.delete()


def remove_old_files(*, keep: timedelta) -> int:
    """Delete uploaded files of all tenants that are older than `keep`. Returns how many."""
    return stored_files.remove_old(keep=keep)


def _move(run: ImportRun, allowed: set[str], state: str, verb: str, by: Actor, now: datetime) -> None:
    run = ImportRun.objects.select_for_update().get(pk=run.pk)
    if run.state not in allowed or not run.files.exists():
        raise ImportRefused(
            _("This import is %(state)s and cannot be changed like that.")
            % {"state": run.get_state_display().lower()}
        )
    run.state, run.error = state, ""
    run.finished_at = now if state == State.CANCELLED else None
    run.save(update_fields=["state", "error", "finished_at"])
    audit.record(by=by, verb=verb, target=run, fields=["state"], now=now)


def _wake(run: ImportRun, now: datetime) -> None:
    wake(tenant_id=current_tenant_id(), kind="import", ref=str(run.pk), at=now)


def _newest_file(run_id: UUID) -> ImportFile | None:
    files = ImportFile.objects.filter(run_id=run_id).select_related("run", "source")
    return files.order_by("-uploaded_at").first()


def _forget_files(run_id: UUID) -> None:
    for file in ImportFile.objects.filter(run_id=run_id):
        _forget_file(file)


def _forget_file(file: ImportFile) -> None:
    """Delete it once what says so is committed."""
    tenant_id, name = current_tenant_id(), file.stored_as
    transaction.on_commit(lambda: stored_files.remove(tenant_id, name))


def _what_now(path: Path, error: str) -> str:
    if path.is_file():
        return error[:2000]
    return _(
        "The file is not there: it was deleted after %(days)s days, or this worker does not share the folder of the "
        "web process. Upload it again with the same mapping: it goes on where it stopped."
    ) % {"days": settings.IMPORT_KEEP_DAYS}


def _shown_name(name: str) -> str:
    """The last part of the name, without what cannot be shown or stored."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable())[:LONGEST_NAME] or _("unnamed file")
