"""Files of history: upload, map, check, import. Workers do the long steps; these pages show how far they are."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from ingestion.connectors.unpacking import FileError
from ingestion.forms.imports import (
    FIELDS_OF,
    NEW_SOURCE,
    WHOLE,
    MapForm,
    UploadForm,
    as_before,
    fits,
    guessed,
)
from ingestion.models import ImportFile, ImportRun
from ingestion.operations import (
    Findings,
    ImportRefused,
    cancel_import,
    discard_file,
    pause_import,
    receive_file,
    request_check,
    request_import,
    resume_import,
)
from ingestion.queries.imports import earlier_runs, rejected_rows
from ingestion.queries.showing import Glass, glass
from ingestion.rules.mapping import Plan
from tenants.console import actor, is_fragment, page
from tenants.csv_file import MOST_ROWS, csv_file
from tenants.models import Source
from tenants.operations import create_source
from tenants.queries import get_tenant

SHOWN = 20
STEPS = [
    ("upload", gettext_lazy("Upload")),
    ("map", gettext_lazy("Map columns")),
    ("check", gettext_lazy("Dry run")),
    ("import", gettext_lazy("Import")),
]


def add_import(request: HttpRequest) -> HttpResponse:
    """GET: the form. POST: keep the file and go on to its columns."""
    _check_change(request)
    posted = (request.POST, request.FILES) if request.method == "POST" else ()
    was_too_large = getattr(request, "upload_was_too_large", False)  # noted while FILES was read
    form = UploadForm(*posted, was_too_large=was_too_large)
    if posted and form.is_valid() and (file := _received(request, form)) is not None:
        return redirect("admin:ingestion_importrun_map", file.pk)
    context = {"form": form, "title": _("New import"), "limit": _limit_words()}
    return _page(request, "ingestion/import_add.html", context, "upload", status=422 if form.errors else 200)


def map_file(request: HttpRequest, key: UUID) -> HttpResponse:
    """GET: columns with guesses, or as an earlier import had them (`?like=`). POST: have it checked."""
    file = _file(request, key)
    if file.run_id is not None:
        return redirect("admin:ingestion_importrun_change", file.run_id)
    seen, sources = glass(), list(Source.objects.order_by("name"))
    earlier = [run for run in earlier_runs() if fits(Plan.from_json(run.mapping), file.shape)]
    if request.method == "POST":
        form = MapForm(request.POST, shape=file.shape, sources=sources)
        if form.is_valid() and _asked_for_check(request, file, form):
            return redirect("admin:ingestion_importrun_check", file.pk)
    else:
        initial = _initial(request, file, earlier)
        form = MapForm(shape=file.shape, sources=sources, initial=initial)
    context = {
        "form": form,
        "file": file,
        "sample": [_shown(row, file.shape["columns"], seen) for row in file.shape["rows"]],
        "earlier": _one_a_source(earlier),
        "title": _("Columns of “%s”") % file.file_name,
    }
    return _page(request, "ingestion/import_map.html", context, "map", status=422 if form.errors else 200)


def check_file(request: HttpRequest, key: UUID) -> HttpResponse:
    """What the import would do; asked for again until all rows were read."""
    file = _file(request, key)
    if file.run_id is not None:
        return redirect("admin:ingestion_importrun_change", file.run_id)
    if file.mapping is None:
        return redirect("admin:ingestion_importrun_map", file.pk)
    findings = Findings(**file.findings)
    context = {
        "file": file,
        "findings": findings,
        "first": parse_datetime(findings.first),
        "last": parse_datetime(findings.last),
        "names": sorted(findings.names.items(), key=lambda each: -each[1])[:SHOWN],
        "errors": _shown_errors(findings),
        "is_running": file.state == ImportFile.State.CHECKING,
        "is_checked": file.state == ImportFile.State.CHECKED,
        "title": _("Dry run of “%s”") % file.file_name,
    }
    template = "ingestion/_import_check.html" if is_fragment(request) else "ingestion/import_check.html"
    return _page(request, template, context, "check")


@require_POST
def act_on_file(request: HttpRequest, key: UUID) -> HttpResponse:
    """Import the file (`do=import`) or throw it away (`do=discard`)."""
    file = _file(request, key)
    try:
        if request.POST.get("do") == "import":
            run = request_import(file=file, by=actor(request), now=timezone.now())
            if run.state == ImportRun.State.DONE:
                messages.info(
                    request, _("This file was imported before in the same way, so nothing was added.")
                )
            return redirect("admin:ingestion_importrun_change", run.pk)
        if request.POST.get("do") == "discard":
            discard_file(file=file, by=actor(request), now=timezone.now())
            messages.success(request, _("“%s” is thrown away; nothing of it was imported.") % file.file_name)
    except ImportRefused as refused:
        messages.error(request, str(refused))
    return redirect("admin:ingestion_importrun_changelist")


def show_run(request: HttpRequest, key: UUID) -> HttpResponse:
    """How far an import is, and what it did."""
    run = _run(request, key)
    has_file = run.files.exists()
    context = {
        "run": run,
        "share": min(1.0, run.rows_read / run.rows_total) if run.rows_total else 0.0,
        "is_running": run.state == ImportRun.State.RUNNING,
        "may_change": has_file and request.user.has_perm("ingestion.change_importrun"),  # type: ignore[union-attr]
        "rejected": rejected_rows(run.pk)[:SHOWN] if run.rows_rejected else [],
        "mapped": sorted(run.mapping["columns"].items()) + sorted(run.mapping["constants"].items()),
        "title": run.file_name,
        "original": run,
    }
    template = "ingestion/_import_run.html" if is_fragment(request) else "ingestion/import_run.html"
    return _page(request, template, context, "import")


@require_POST
def act_on_run(request: HttpRequest, key: UUID) -> HttpResponse:
    """Pause, resume or cancel (`do`)."""
    run = _run(request, key)
    _check_change(request)
    operation = {"pause": pause_import, "resume": resume_import, "cancel": cancel_import}.get(
        request.POST.get("do", "")
    )
    if operation is None:
        raise Http404
    try:
        operation(run=run, by=actor(request), now=timezone.now())
    except ImportRefused as refused:
        messages.error(request, str(refused))
    return redirect("admin:ingestion_importrun_change", run.pk)


def download_rejected(request: HttpRequest, key: UUID) -> HttpResponse:
    """The rejected rows as CSV, with their reasons."""
    run = _run(request, key)
    header = [_("row"), _("reason"), _("what to do"), _("as read")]
    seen = glass()
    rows = rejected_rows(run.pk).values_list("row_number", "code", "detail", "raw")[:MOST_ROWS]
    shown = ((number, code, seen.text(detail), seen.message(raw)) for number, code, detail, raw in rows)
    return csv_file("rejected-rows", [header, *shown])


def _shown_errors(findings: Findings) -> list[tuple[str, dict[str, Any]]]:
    """Why rows would be rejected, the most frequent first, with samples for whoever is looking."""
    seen = glass()
    return [
        (code, kind | {"samples": [(row, detail, seen.message(raw)) for row, detail, raw in kind["samples"]]})
        for code, kind in sorted(findings.errors.items(), key=lambda each: -each[1]["number"])
    ]


def _shown(row: dict[str, Any], columns: Sequence[str], seen: Glass) -> list[Any]:
    return [seen.value(name, row[name], of_person=True) for name in columns]


def _page(
    request: HttpRequest, template: str, context: dict[str, Any], step: str, *, status: int = 200
) -> HttpResponse:
    frame = {"steps": STEPS, "step": step, "opts": ImportRun._meta}
    return page(request, template, frame | context, status=status)


def _received(request: HttpRequest, form: UploadForm) -> ImportFile | None:
    upload = form.upload
    try:
        return receive_file(
            name=upload.name or "",
            chunks=upload.chunks(),
            kind=form.cleaned_data["kind"],
            by=actor(request),
            now=timezone.now(),
        )
    except FileError as error:
        form.add_error("file", str(error))
        return None


def _asked_for_check(request: HttpRequest, file: ImportFile, form: MapForm) -> bool:
    by, now = actor(request), timezone.now()
    wanted = form.cleaned_data["source"]
    source = Source.objects.filter(pk=wanted).first() if wanted else None
    try:
        source = source or create_source(name=NEW_SOURCE, kind=Source.Kind.IMPORT, by=by, now=now)
        request_check(
            file=file,
            source=source,
            plan=form.to_plan(),
            is_historical=not form.cleaned_data["opens_pqls"],
            by=by,
            now=now,
        )
    except ImportRefused as refused:
        form.add_error(None, str(refused))
        return False
    return True


def _initial(request: HttpRequest, file: ImportFile, earlier: list[ImportRun]) -> dict[str, Any]:
    """As mapped before, as an earlier import that was asked for, as the newest one that fits, or guessed. `?kind=` asks
    for the fields of another kind of rows."""
    wanted = request.GET.get("kind", "")
    zone = get_tenant(file.tenant_id).time_zone
    if wanted in FIELDS_OF:
        before = next((run for run in earlier if (run.mapping["type"] or WHOLE) == wanted), None)
        return _as_before(before, file.shape) if before else guessed(file.shape, time_zone=zone, kind=wanted)
    if file.mapping is not None and "like" not in request.GET:
        return _as_before(file, file.shape)
    like, kind = request.GET.get("like"), file.shape.get("kind")
    alike = [run for run in earlier if not kind or (run.mapping["type"] or WHOLE) == kind]
    chosen = next((run for run in alike if like in (None, str(run.pk))), None)
    if chosen is not None and like != "":
        return _as_before(chosen, file.shape)
    return guessed(file.shape, time_zone=zone)


def _as_before(mapped: ImportFile | ImportRun, shape: dict[str, Any]) -> dict[str, Any]:
    plan = Plan.from_json(mapped.mapping or {})
    more = {"source": str(mapped.source_id), "opens_pqls": not mapped.is_historical}
    return as_before(plan, shape) | more


def _one_a_source(runs: list[ImportRun]) -> list[ImportRun]:
    """The newest import of each source and kind of rows."""
    newest: dict[tuple[UUID, str | None], ImportRun] = {}
    for run in runs:
        newest.setdefault((run.source_id, run.mapping["type"]), run)
    return list(newest.values())


def _file(request: HttpRequest, key: UUID) -> ImportFile:
    """Only who may import sees what is in a file that is not imported."""
    file = ImportFile.objects.select_related("source").filter(pk=key).first()
    if file is None:
        raise Http404
    _check_change(request)
    return file


def _run(request: HttpRequest, key: UUID) -> ImportRun:
    run = ImportRun.objects.select_related("source").filter(pk=key).first()
    if run is None:
        raise Http404
    if not request.user.has_perm("ingestion.view_importrun"):  # type: ignore[union-attr]
        raise PermissionDenied
    return run


def _check_change(request: HttpRequest) -> None:
    if not request.user.has_perm("ingestion.change_importrun"):  # type: ignore[union-attr]
        raise PermissionDenied


def _limit_words() -> str:
    return _("%s MB") % f"{settings.IMPORT_MAX_MB:,}"
