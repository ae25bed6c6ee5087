"""Files into history, by the same code as the fold. A slice of rows and the mark of how far we are commit together, so
a killed import goes on where it stopped, and the same file with the same plan adds nothing a second time.

Events keep their own time; received they are now: nothing that was decided before is changed by an import."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from ingestion.connectors.files import BadRow, NumberedRow, file_hash, open_rows
from ingestion.models import ImportRun
from ingestion.operations.addressing import address
from ingestion.operations.arrivals import Arrival, Request
from ingestion.operations.fold import Refused, poisoned, to_arrival
from ingestion.operations.governance import standing_out
from ingestion.operations.history import Added, add_to_history, add_traits
from ingestion.operations.marks import exclusion_rules
from ingestion.operations.memory import collector_paused
from ingestion.operations.quarantine import quarantine_all
from ingestion.rules.exclusion import Rules
from ingestion.rules.file_types import ACCOUNT
from ingestion.rules.mapping import Plan, fallback_id, item_of, plain
from ingestion.rules.precedence import BY_WORD
from ingestion.rules.types import HISTORICAL, Rejection
from tenants import audit
from tenants.audit import Actor
from tenants.context import tenant_context
from tenants.models import Source, Tenant

SLICE = 5_000  # rows of one transaction
Progress = Callable[[ImportRun], None]


class ImportRefused(ValueError):
    """The file is not imported. The message says why and what to do."""


class ImportedElsewhere(ImportRefused):
    """Another process is importing the same file; the run is its own to finish."""


class ImportStopped(ImportRefused):
    """Somebody paused or cancelled the run. What was read stays."""


@dataclass(frozen=True)
class FileImport:
    """One file on its way into one source; `name` is what people call it, when it is kept under another. Raises
    FileError when the file cannot be read."""

    tenant: Tenant
    source: Source
    path: Path
    plan: Plan
    now: datetime
    name: str = ""
    is_historical: bool = True  # what it brings opens no lead by itself

    def slices(self, start: int = 0) -> Iterator[list[NumberedRow]]:
        """The rows from `start` on, as many at a time as one transaction stores."""
        rows = open_rows(self.path).rows(start)
        while piece := list(islice(rows, SLICE)):
            yield piece

    def read(
        self, rows: Iterable[NumberedRow], *, digest: str, request: Request, rules: Rules
    ) -> tuple[list[Arrival], list[tuple[int, Refused]]]:
        """The messages of some rows; what is refused, with its row number."""
        good: list[tuple[int, dict[str, Any]]] = []
        refused: list[tuple[int, Refused]] = []
        for number, row in rows:
            item = self._item(number, row, digest, request)
            if isinstance(item, Refused):
                refused.append((number, item))
            else:
                good.append((number, item))
        unclear = address(item for _number, item in good) if self.plan.type is not None else {}
        arrivals: list[Arrival] = []
        for place, (number, item) in enumerate(good):
            wrong = unclear.get(place)
            result = Refused(request, plain(item), wrong) if wrong else to_arrival(item, request, rules)
            if isinstance(result, Arrival):
                arrivals.append(result)
            else:
                refused.append((number, result))
        return arrivals, sorted(refused, key=itemgetter(0))

    def _item(
        self, number: int, row: dict[str, Any] | BadRow, digest: str, request: Request
    ) -> dict[str, Any] | Refused:
        if isinstance(row, BadRow):
            return Refused(request, row.raw, Rejection("unreadable_row", row.reason))
        item, rejection = item_of(
            self.plan, row, fallback_id=fallback_id(digest, self.plan, number), now=self.now
        )
        return item if rejection is None else Refused(request, plain(item), rejection)

    def add(self, arrivals: Sequence[Arrival]) -> Added:
        """Store a slice's messages, in the caller's transaction."""
        add = add_traits if self.plan.type == ACCOUNT else add_to_history
        return add(arrivals, score_at=self.now)

    def request(self, run_id: object = "") -> Request:
        """What messages of this import say about how they came in."""
        envelope = {"context": {HISTORICAL: True}} if self.is_historical else {}
        origin = BY_WORD[self.plan.origin]
        return Request(self.source.pk, "import", self.now, {"import_id": str(run_id)}, envelope, origin)


@dataclass
class ImportResult:
    """What one call did. `resumed_at`: rows that an earlier call had read; `done_before`: when the whole file was
    imported, if it was."""

    run: ImportRun
    events: int = 0
    duplicates: int = 0
    activity: int = 0
    resumed_at: int = 0
    done_before: datetime | None = None


def import_file(
    file: FileImport, *, by: Actor, progress: Progress | None = None, again: bool = False
) -> ImportResult:
    """Import a file, or go on with it. Opens one transaction for each slice: call it outside any.

    `again` reads a file that was imported once more, which adds only what was not there. Raises FileError,
    ImportRefused."""
    digest = file_hash(file.path)
    rows_total = open_rows(file.path).count()
    with tenant_context(file.tenant.pk):
        result = start_run(file, digest, rows_total, by, again=again)
    if result.done_before is not None:
        return result
    try:
        for _slice in store_slices(file, digest, result):
            if progress is not None:
                progress(result.run)
    except (ImportedElsewhere, ImportStopped):
        raise
    except Exception as error:
        with tenant_context(file.tenant.pk):
            finish_run(result.run, ImportRun.State.FAILED, str(error)[:2000], by, file.now)
        raise
    with tenant_context(file.tenant.pk):
        finish_run(result.run, ImportRun.State.DONE, "", by, file.now)
    return result


def store_slices(file: FileImport, digest: str, result: ImportResult) -> Iterator[None]:
    """Store a run's rows from where it stands, a slice at each step and each in a transaction of its own.

    Raises FileError, ImportRefused; ImportStopped when the run was paused or cancelled meanwhile."""
    for piece in file.slices(result.run.rows_read):
        with tenant_context(file.tenant.pk), collector_paused():
            _store(file, piece, digest, result)
        yield


def start_run(
    file: FileImport, digest: str, rows_total: int, by: Actor, *, again: bool = False
) -> ImportResult:
    """The run of this file, plan and source: a new one, or the one to go on with."""
    fresh = {
        "file_name": file.name or file.path.name,
        "state": ImportRun.State.RUNNING,
        "started_at": file.now,
    }
    run, is_new = ImportRun.objects.get_or_create(
        source=file.source, file_hash=digest, mapping=file.plan.to_json(), defaults=fresh
    )
    run = ImportRun.objects.select_for_update().get(pk=run.pk)
    if run.state == ImportRun.State.DONE:
        if not again:
            return ImportResult(run, done_before=run.finished_at)
        run.rows_read = run.rows_rejected = run.events_added = run.events_known = 0
    run.state, run.error, run.finished_at, run.rows_total = ImportRun.State.RUNNING, "", None, rows_total
    run.is_historical = file.is_historical
    run.save()
    if is_new:
        audit.record(by=by, verb="import.started", target=run, fields=["file_name", "mapping"], now=file.now)
    return ImportResult(run, resumed_at=run.rows_read)


def _store(file: FileImport, piece: list[NumberedRow], digest: str, result: ImportResult) -> None:
    """One slice and the mark of how far we are."""
    start, end = piece[0][0], piece[-1][0] + 1
    run = ImportRun.objects.select_for_update().get(pk=result.run.pk)
    if run.rows_read != start:
        raise ImportedElsewhere(_("This file is being imported by another process. Let that one finish."))
    if run.state != ImportRun.State.RUNNING:
        raise ImportStopped(_("This import was paused or cancelled. Run it again to go on."))
    rules = exclusion_rules()
    arrivals, refused = file.read(piece, digest=digest, request=file.request(run.pk), rules=rules)
    if start == 0 and not arrivals:
        raise ImportRefused(_all_refused([each for _number, each in refused]))
    row_of = _rows_of(arrivals, piece, refused)
    added = file.add(arrivals)
    refused += [(row_of[id(arrival)], poisoned(arrival, words)) for arrival, words in added.poisoned]
    refused += [
        (row_of[id(each)], Refused(each.request, standing_out(each), reason)) for each, reason in added.held
    ]
    _keep(refused, file, run)
    result.events += added.events
    result.duplicates += added.duplicates
    result.activity += added.activity
    run.rows_read, run.rows_rejected = end, run.rows_rejected + len(refused)
    run.events_added, run.events_known = run.events_added + added.events, run.events_known + added.duplicates
    run.save(update_fields=["rows_read", "rows_rejected", "events_added", "events_known"])
    result.run = run


def _rows_of(
    arrivals: list[Arrival], piece: list[NumberedRow], refused: list[tuple[int, Refused]]
) -> dict[int, int]:
    """The row number of each message, by the message's identity."""
    bad = {number for number, _each in refused}
    good = (number for number, _row in piece if number not in bad)
    return {id(arrival): number for arrival, number in zip(arrivals, good, strict=True)}


def _keep(refused: list[tuple[int, Refused]], file: FileImport, run: ImportRun) -> None:
    """Into the quarantine, each with its row (from 1)."""
    quarantine_all(
        source_id=file.source.pk,
        rejected=[(each.raw, each.reason) for _number, each in refused],
        received_at=file.now,
        client=file.request(run.pk).client,
        envelope=file.request(run.pk).envelope,
        rows=[number + 1 for number, _each in refused],
        import_run_id=run.pk,
    )


def _all_refused(refused: list[Refused]) -> str:
    details = Counter(each.reason.detail for each in refused)
    return _("Not one of the first %(number)s rows can be read, so nothing was imported. %(detail)s") % {
        "number": len(refused),
        "detail": details.most_common(1)[0][0],
    }


def finish_run(run: ImportRun, state: str, error: str, by: Actor, now: datetime) -> None:
    """Close the run in this state."""
    run = ImportRun.objects.select_for_update().get(pk=run.pk)
    run.state, run.error, run.finished_at = state, error, now
    run.save(update_fields=["state", "error", "finished_at"])
    audit.record(by=by, verb=f"import.{state}", target=run, fields=["rows_read", "rows_rejected"], now=now)
