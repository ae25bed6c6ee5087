"""Taking back that two identities are one person, and joining them again."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from ingestion.models import IdentityLink, Person
from ingestion.operations import redo_identity_link, undo_identity_link
from ingestion.queries.identities import events_of_identity, link_of, undone_link_of
from tenants.console import actor, page

COUNTED = 1_000


def undo_link(request: HttpRequest, key: int, link: int) -> HttpResponse:
    """GET says what happens to the person; POST takes the link back."""
    _check_permission(request)
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


def redo_link(request: HttpRequest, key: int, link: int) -> HttpResponse:
    """GET says what joining again does; POST lets the link count again."""
    _check_permission(request)
    found = undone_link_of(key, link)
    if found is None:
        raise Http404
    if request.method == "POST":
        redo_identity_link(link=found, by=actor(request), now=timezone.now())
        found = IdentityLink.objects.select_related("identity", "user_identity").get(pk=found.pk)
        _tell_redone(request, found)
        return redirect("admin:ingestion_person_change", found.identity.person_id)
    person = Person.objects.get(pk=key)
    context = {"link": found, "person": person, "title": _("Join them again?"), "original": person}
    return page(request, "ingestion/redo_link.html", context | {"opts": Person._meta})


def _tell_redone(request: HttpRequest, link: IdentityLink) -> None:
    names = {"one": link.identity, "other": link.user_identity}
    if link.identity.person_id == link.user_identity.person_id:
        messages.success(request, _("“%(one)s” and “%(other)s” are one person again.") % names)
    else:
        told = _(
            "The link counts again, but “%(one)s” and “%(other)s” stay two persons: the reason is beside the link."
        )
        messages.warning(request, told % names)


def _check_permission(request: HttpRequest) -> None:
    for permission in ("ingestion.view_person", "ingestion.change_identitylink"):
        if not request.user.has_perm(permission):  # type: ignore[union-attr]
            raise PermissionDenied
