"""The privacy pages: find somebody, see what is held, export it, erase it, and what came of each request."""

import json
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ingestion.models import Erasure, PersonalExport, SubjectKind
from ingestion.operations import lift_suppression, request_erasure, request_personal_export
from ingestion.operations.erasures import proof_of, run_erasure_again
from ingestion.operations.personal_exports import file_of, note_download
from ingestion.queries.personal import newest_erasures, scope_of, subject_row, subjects_like
from pqlhub.privacy.forms import COMPANIONS, ErasureForm
from pqlhub.privacy.holdings import HOLDINGS, with_leads
from tenants.console import actor, is_fragment, page
from tenants.operations import Refused
from tenants.personal import count_rows
from tenants.queries import names_of

KINDS = {"person": SubjectKind.PERSON, "account": SubjectKind.ACCOUNT}
TITLES = {holding.table: holding.title for holding in HOLDINGS}


def list_requests(request: HttpRequest) -> HttpResponse:
    """Everything that was asked for, the newest first, and the way to ask for more."""
    if not request.user.has_perm("ingestion.view_erasure"):  # type: ignore[union-attr]
        raise PermissionDenied
    text = request.GET.get("q", "").strip()
    may_change = request.user.has_perm("ingestion.change_erasure")  # type: ignore[union-attr]
    exports = list(PersonalExport.objects.order_by("-asked_at")[:20]) if may_change else []
    rows = newest_erasures()
    context = {
        "text": text,
        "found": subjects_like(text) if text and may_change else [],
        "may_change": may_change,
        "erasures": [(row, row.is_late(timezone.now())) for row in rows],
        "exports": exports,
        "people": names_of(each.asked_by_id for each in [*rows, *exports]),
        "title": _("Privacy"),
        "opts": Erasure._meta,
    }
    return page(request, "pqlhub/privacy.html", context)


def ask(request: HttpRequest, kind: str, key: int) -> HttpResponse:
    """GET: what is held about somebody, and what can be done with it. POST: erase them."""
    _check_change(request)
    number = KINDS.get(kind)
    row = subject_row(number, key) if number else None
    if number is None or row is None:
        raise Http404
    form = ErasureForm(request.POST or None, kind=number)
    if request.method == "POST" and form.is_valid():
        answers = {name: form.cleaned_data[name] for name in ("reason", "reference", "with_companions")}
        try:
            made = request_erasure(
                subject_kind=number, subject_id=key, **answers, by=actor(request), now=timezone.now()
            )
            return redirect("admin:ingestion_erasure_change", made.pk)
        except Refused as refusal:
            form.add_error(None, str(refusal))
    scope = with_leads(scope_of(number, key, with_companions=False))
    held = [(holding, count) for holding in HOLDINGS if (count := count_rows(holding, scope))]
    context = {
        "subject": row,
        "kind": kind,
        "is_account": number == SubjectKind.ACCOUNT,
        "held": held,
        "companions": COMPANIONS[number],
        "form": form,
        "title": _("Privacy of %(name)s") % {"name": row},
        "opts": Erasure._meta,
    }
    return page(request, "pqlhub/privacy_of.html", context, status=422 if form.errors else 200)


@require_POST
def export(request: HttpRequest, kind: str, key: int) -> HttpResponse:
    """Ask for the file."""
    _check_change(request)
    if kind not in KINDS:
        raise Http404
    try:
        made = request_personal_export(
            subject_kind=KINDS[kind],
            subject_id=key,
            with_companions="with_companions" in request.POST,
            by=actor(request),
            now=timezone.now(),
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("admin:ingestion_erasure_changelist")
    return redirect("admin:ingestion_erasure_export", made.pk)


def show_export(request: HttpRequest, key: UUID) -> HttpResponse:
    """How far the file is, and where to fetch it."""
    made = _export(request, key)
    done = int(made.place.get("table", 0)) / len(HOLDINGS)
    context = {
        "export": made,
        "share": 1.0 if made.state == PersonalExport.State.READY else done,
        "is_running": made.state == PersonalExport.State.RUNNING,
        "rows": [(TITLES.get(table, table), number) for table, number in made.rows.items()],
        "title": _("Export of a person")
        if made.subject_kind == SubjectKind.PERSON
        else _("Export of an account"),
        "opts": Erasure._meta,
    }
    template = "pqlhub/_personal_export.html" if is_fragment(request) else "pqlhub/personal_export_page.html"
    return page(request, template, context)


def download_export(request: HttpRequest, key: UUID) -> FileResponse:
    """The file itself, while it is there."""
    made = _export(request, key)
    path = file_of(made)
    if made.state != PersonalExport.State.READY or not path.exists():
        raise Http404
    note_download(export=made, by=actor(request), now=timezone.now())
    name = f"{SubjectKind(made.subject_kind).name.lower()}-{made.subject_id}.zip"
    return FileResponse(path.open("rb"), as_attachment=True, filename=name)


def show_erasure(request: HttpRequest, key: UUID) -> HttpResponse:
    """How far an erasure is; when it is done, its proof."""
    erasure = _erasure(request, key, "view")
    context = {
        "erasure": erasure,
        "is_running": erasure.state != Erasure.State.DONE,
        "is_late": erasure.is_late(timezone.now()),
        "stage": erasure.place.get("stage", "empty"),
        "erased": _titled(erasure.erased),
        "cleaned": _titled(erasure.cleaned),
        "kept": _titled(erasure.kept),
        "asked_by": names_of([erasure.asked_by_id]).get(erasure.asked_by_id) if erasure.asked_by_id else "",
        "is_kept_out": erasure.suppressions.exists(),
        "may_change": request.user.has_perm("ingestion.change_erasure"),  # type: ignore[union-attr]
        "title": _("Erasure of %(day)s") % {"day": timezone.localtime(erasure.asked_at).date()},
        "opts": Erasure._meta,
        "original": erasure,
    }
    template = "pqlhub/_erasure.html" if is_fragment(request) else "pqlhub/erasure.html"
    return page(request, template, context)


def download_proof(request: HttpRequest, key: UUID) -> HttpResponse:
    """The proof as JSON: for the file of the request, and for running it again elsewhere."""
    erasure = _erasure(request, key, "change")
    if erasure.state != Erasure.State.DONE:
        raise Http404
    answer = HttpResponse(json.dumps(proof_of(erasure), indent=2), content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="erasure-{erasure.pk}.json"'
    return answer


@require_POST
def act_on_erasure(request: HttpRequest, key: UUID) -> HttpResponse:
    """Let them come back (`do=lift`) or erase them once more (`do=again`)."""
    erasure = _erasure(request, key, "change")
    by, now = actor(request), timezone.now()
    if request.POST.get("do") == "lift":
        lift_suppression(erasure=erasure, by=by, now=now)
        messages.success(request, _("From now on events that name them are taken again, as somebody new."))
    elif request.POST.get("do") == "again":
        if not run_erasure_again(erasure=erasure, by=by, now=now):
            messages.error(request, _("It was lifted: nothing tells any more who they were."))
    else:
        raise Http404
    return redirect("admin:ingestion_erasure_change", erasure.pk)


def _titled(counts: dict[str, int]) -> list[tuple[Any, int]]:
    return [(TITLES.get(table, table), number) for table, number in sorted(counts.items())]


def _export(request: HttpRequest, key: UUID) -> PersonalExport:
    _check_change(request)
    found: PersonalExport | None = PersonalExport.objects.filter(pk=key).first()
    if found is None:
        raise Http404
    return found


def _erasure(request: HttpRequest, key: UUID, verb: str) -> Erasure:
    if not request.user.has_perm(f"ingestion.{verb}_erasure"):  # type: ignore[union-attr]
        raise PermissionDenied
    found: Erasure | None = Erasure.objects.filter(pk=key).first()
    if found is None:
        raise Http404
    return found


def _check_change(request: HttpRequest) -> None:
    if not request.user.has_perm("ingestion.change_erasure"):  # type: ignore[union-attr]
        raise PermissionDenied
