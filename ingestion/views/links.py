"""Taking back that two identities are one person."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from ingestion.models import Person
from ingestion.operations import undo_identity_link
from ingestion.queries.identities import events_of_identity, link_of
from tenants.console import actor, page

COUNTED = 1_000


def undo_link(request: HttpRequest, key: int, link: int) -> HttpResponse:
    """GET says what happens to the person; POST takes the link back."""
    for permission in ("ingestion.view_person", "ingestion.change_identitylink"):
        if not request.user.has_perm(permission):  # type: ignore[union-attr]
            raise PermissionDenied
    found = link_of(key, link)
    if found is None:
        raise Http404
    if request.method == "POST":
        undo_identity_link(link=found, by=actor(request), now=timezone.now())
        messages.success(
            request,
            _("The link is taken back: “%(one)s” and “%(other)s” are joined by it no longer.")
            % {"one": found.identity, "other": found.user_identity},
        )
        return redirect("admin:ingestion_person_change", key)
    person = Person.objects.get(pk=key)
    context = {
        "link": found,
        "person": person,
        "events": events_of_identity(found.identity, most=COUNTED),
        "most": COUNTED,
        "title": _("Take this link back?"),
        "opts": Person._meta,
        "original": person,
    }
    return page(request, "ingestion/undo_link.html", context)
