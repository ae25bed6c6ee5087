"""The page of a list: its rows, and what adds, replaces and removes them; and the built-in lists."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from ingestion.forms.lists import RowsForm
from ingestion.models import List
from ingestion.operations import (
    ListChanged,
    NothingReplaced,
    Upload,
    archive_list,
    remove_rows,
    upload_rows,
)
from ingestion.queries.lists import (
    BUILT_IN,
    SHOW,
    Expiry,
    builtin_page,
    current_lines,
    expiries,
    list_editions,
    list_page,
)
from ingestion.rules.lists import Reading, read_text
from tenants.access import Area
from tenants.console import actor, find_visible, page
from tenants.csv_file import csv_file

KEPT = 200_000  # characters of a refused upload that go back into the box
NAMED = 100  # lines that could not be read, named one by one

UsedBy = Callable[[HttpRequest, Sequence[UUID]], Mapping[UUID, Sequence[Any]]]


def show_list(request: HttpRequest, key: UUID, used_by: UsedBy) -> HttpResponse:
    """used_by: what the rooms above ask of it."""
    of = _get(request, key)
    uses = used_by(request, [of.pk]).get(of.pk, [])
    return _answer(request, of, RowsForm(initial={"seen": of.edition}), uses=uses)


@require_POST
def upload(request: HttpRequest, key: UUID) -> HttpResponse:
    """Form fields: text or file, mode (add, replace), seen. Lines that cannot be read come back in the box."""
    of = _get(request, key)
    _check_change(request, of)
    form = RowsForm(request.POST, request.FILES)
    if not form.is_valid():
        return _answer(request, of, form, status=422)
    text, replaces = form.cleaned_data["rows"], form.cleaned_data["mode"] == "replace"
    reading = read_text(of.kind, text)
    try:
        done = upload_rows(
            list=of,
            reading=reading,
            replaces=replaces,
            seen=form.cleaned_data["seen"],
            by=actor(request),
            now=timezone.now(),
        )
    except (ListChanged, NothingReplaced, ValidationError) as refusal:
        return _refused(request, of, form, text, reading, refusal)
    if not reading.unreadable:
        messages.success(request, _said(done))
        return redirect("admin:ingestion_list_page", of.pk)
    of.refresh_from_db()
    rest = "\n".join(line.text for line in reading.unreadable)
    again = RowsForm(initial={"seen": of.edition, "text": rest, "mode": "add"})
    status = 200 if reading.lines else 422
    return _answer(request, of, again, done=done, reading=reading, status=status)


@require_POST
def remove(request: HttpRequest, key: UUID) -> HttpResponse:
    """Form field `value`, once for each row to remove."""
    of = _get(request, key)
    _check_change(request, of)
    values = request.POST.getlist("value")
    try:
        gone = remove_rows(list=of, values=values, by=actor(request), now=timezone.now())
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
    else:
        if values:
            text = ngettext("%(n)d row is removed.", "%(n)d rows are removed.", gone)
            messages.success(request, text % {"n": gone})
        else:
            messages.warning(request, _("Nothing was removed: tick the rows to remove first."))
    wanted = {name: request.POST[name] for name in ("q", "show", "after") if request.POST.get(name)}
    return redirect(f"{reverse('admin:ingestion_list_page', args=[of.pk])}?{urlencode(wanted)}")


@require_POST
def archive(request: HttpRequest, key: UUID, used_by: UsedBy) -> HttpResponse:
    """Refused while a signal asks it."""
    of = _get(request, key)
    _check_change(request, of)
    if uses := used_by(request, [of.pk]).get(of.pk):
        names = ", ".join(f"“{use.label}”" for use in uses)
        messages.error(request, _("This list is asked by %s. Take it out of there first.") % names)
        return redirect("admin:ingestion_list_page", of.pk)
    archive_list(list=of, by=actor(request), now=timezone.now())
    messages.success(request, _("“%s” is archived: it can be read and not changed any more.") % of.name)
    return redirect("admin:ingestion_list_changelist")


def export(request: HttpRequest, key: UUID) -> HttpResponse:
    """All rows, in the columns that an upload reads."""
    of = _get(request, key)
    rows = [(line.value, line.note, line.expires_on) for line in current_lines(of).values()]
    return csv_file(slugify(of.name) or "list", [("value", "note", "expires_on"), *rows])


def show_builtin(request: HttpRequest, code: str) -> HttpResponse:
    """A list that comes with the product."""
    if not request.user.has_perm("ingestion.view_list"):  # type: ignore[union-attr]
        raise PermissionDenied
    if code not in BUILT_IN:
        raise Http404
    text = request.GET.get("q", "")
    context = {
        "builtin": BUILT_IN[code],
        "size": len(BUILT_IN[code].domains),
        "text": text,
        "rows": builtin_page(code, text=text, after=request.GET.get("after", "")),
        "query": urlencode({"q": text}) if text else "",
        "title": BUILT_IN[code].name,
        "opts": List._meta,
    }
    return page(request, "ingestion/list_builtin.html", context)


def _answer(
    request: HttpRequest,
    of: List,
    form: RowsForm,
    *,
    done: Upload | None = None,
    reading: Reading | None = None,
    uses: Sequence[Any] = (),
    status: int = 200,
) -> HttpResponse:
    today = timezone.localdate()
    text, show, after = (request.GET.get(name, "").replace("\x00", "") for name in ("q", "show", "after"))
    show = show if show in SHOW else "all"
    wanted = {name: value for name, value in (("q", text), ("show", show)) if value and value != "all"}
    context = {
        "list": of,
        "form": form,
        "uses": uses,
        "said": _said(done) if done else "",
        "unreadable": reading.unreadable[:NAMED] if reading else (),
        "unreadable_number": len(reading.unreadable) if reading else 0,
        "rows": list_page(of, text=text, show=show, after=after, today=today),
        "text": text,
        "show": show,
        "after": after,
        "query": urlencode(wanted),
        "expiry": expiries([of.pk], today=today).get(of.pk, Expiry()),
        "editions": list_editions(of),
        "may_change": _may_change(request, of),
        "title": of.name,
        "original": of,
        "opts": List._meta,
    }
    return page(request, "ingestion/list.html", context, status=status)


def _refused(
    request: HttpRequest, of: List, form: RowsForm, text: str, reading: Reading, refusal: Exception
) -> HttpResponse:
    """Says why nothing was written; what was given stays, also what came as a file if it is not too long for a box."""
    if isinstance(refusal, NothingReplaced):
        sentences = [
            _("Nothing was replaced: all rows must be readable for that. Mend these lines, or add instead.")
        ]
    else:
        sentences = refusal.messages if isinstance(refusal, ValidationError) else [str(refusal)]
    initial = {"seen": form.cleaned_data["seen"], "mode": form.cleaned_data["mode"], "text": text[:KEPT]}
    if len(text) > KEPT:
        initial["text"] = ""
        sentences = [*sentences, _("The file is too long to be shown here: choose it again.")]
    again = RowsForm(initial=initial)
    again.refusal = sentences  # type: ignore[attr-defined]
    of.refresh_from_db()
    return _answer(request, of, again, reading=reading, status=422)


def _said(done: Upload) -> str:
    """What an upload did, in a sentence: only what is not nothing, but always what was added."""
    found = done.difference
    parts = [ngettext("%(n)d row added", "%(n)d rows added", len(found.added)) % {"n": len(found.added)}]
    numbers = [
        (len(found.changed), _("%(n)d changed")),
        (len(found.gone), _("%(n)d removed")),
        (found.same, _("%(n)d already there")),
        (done.reading.repeated, _("%(n)d given more than once")),
        (len(done.reading.unreadable), _("%(n)d not readable")),
    ]
    parts += [text % {"n": number} for number, text in numbers if number]
    return f"{', '.join(parts)}."


def _get(request: HttpRequest, key: UUID) -> List:
    return find_visible(request, List.objects.select_related("business_unit"), Area.DEFINITIONS, key)


def _may_change(request: HttpRequest, of: List) -> bool:
    return bool(request.user.has_perm("ingestion.change_list", of))  # type: ignore[union-attr]


def _check_change(request: HttpRequest, of: List) -> None:
    if not _may_change(request, of):
        raise PermissionDenied
