"""The page of a destination: is it well, what went there last, and what one can do about it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from delivery import operations
from delivery.models import Destination
from delivery.queries import delivery_counts, failing_destinations, newest_deliveries
from tenants.access import Area
from tenants.console import actor, find_visible, page


def show_destination(request: HttpRequest, key: UUID) -> HttpResponse:
    destination = get_destination(request, key)
    now = timezone.now()
    context = {
        "title": destination.name,
        "destination": destination,
        "counts": delivery_counts([destination.pk])[destination.pk],
        "deliveries": newest_deliveries(destination),
        "is_resting": destination.open_again_at is not None and destination.open_again_at > now,
        "is_failing": failing_destinations().filter(pk=destination.pk).exists(),
        "may_change": may_change(request, destination),
        "original": destination,
        "opts": Destination._meta,
    }
    return page(request, "delivery/destination.html", context)


@require_POST
def act(request: HttpRequest, key: UUID) -> HttpResponse:
    """Form field `do`: test, pause, resume, replay or rotate."""
    destination = get_destination(request, key)
    if not may_change(request, destination):
        raise PermissionDenied
    command = request.POST.get("do", "")
    if command == "rotate":
        secret = operations.rotate_secret(destination=destination, by=actor(request), now=timezone.now())
        return secret_page(request, destination, secret, is_new=False)
    if command not in COMMANDS:
        raise Http404
    messages.success(request, COMMANDS[command](request, destination))
    return redirect("admin:delivery_destination_page", destination.pk)


def secret_page(
    request: HttpRequest, destination: Destination, secret: str, *, is_new: bool = True
) -> HttpResponse:
    """The signing secret, this once."""
    context = {
        "title": _("Signing secret of %(name)s") % {"name": destination.name},
        "destination": destination,
        "secret": secret,
        "is_new": is_new,
        "example": EXAMPLE.format(secret=secret),
    }
    return page(request, "delivery/secret.html", context)


def get_destination(request: HttpRequest, key: UUID) -> Destination:
    """One this user may see. Raises Http404."""
    rows = Destination.objects.select_related("business_unit")
    return find_visible(request, rows, Area.DESTINATIONS, key)


def may_change(request: HttpRequest, destination: Destination) -> bool:
    return bool(request.user.has_perm("delivery.change_destination", destination))  # type: ignore[union-attr]


def _test(request: HttpRequest, destination: Destination) -> str:
    operations.send_test(destination=destination, by=actor(request), now=timezone.now())
    return _("A test event is on its way. Reload in a moment to see what the receiver answered.")


def _pause(request: HttpRequest, destination: Destination) -> str:
    operations.pause(destination=destination, by=actor(request), now=timezone.now())
    return _("Paused. What comes meanwhile waits and is sent when you resume.")


def _resume(request: HttpRequest, destination: Destination) -> str:
    operations.resume(destination=destination, by=actor(request), now=timezone.now())
    return _("Sending again.")


def _replay(request: HttpRequest, destination: Destination) -> str:
    sent = operations.replay_dead(destination=destination, by=actor(request), now=timezone.now())
    if destination.state == Destination.State.ACTIVE:
        said = ngettext("%(n)d delivery is sent again.", "%(n)d deliveries are sent again.", sent)
    else:
        said = ngettext(
            "%(n)d delivery waits and is sent when you resume.",
            "%(n)d deliveries wait and are sent when you resume.",
            sent,
        )
    return said % {"n": sent}


COMMANDS: dict[str, Callable[[HttpRequest, Destination], Any]] = {
    "test": _test,
    "pause": _pause,
    "resume": _resume,
    "replay": _replay,
}
EXAMPLE = """from standardwebhooks import Webhook

# body: the raw bytes of the request, not parsed and written again; headers: its headers
event = Webhook("{secret}").verify(body, headers)
print(event["type"], event["data"]["lead"]["id"])"""
