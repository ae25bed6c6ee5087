"""Sample data in the console: try it, see how far it is, remove it. For those who may change the company."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from pqlhub.sample.filling import ACCOUNTS, DAYS, request_sample, share_filled
from tenants.access import Area, Level, access_of
from tenants.admin.confirming import confirm
from tenants.console import actor, is_fragment, page
from tenants.models import Tenant
from tenants.operations import Refused, remove_sample
from tenants.queries import sample_of

PAGE = "admin:pqlhub_sample"
MOVING = {Tenant.Status.FILLING, Tenant.Status.DELETING}  # a worker is at it


@dataclass(frozen=True)
class SampleState:
    """What is shown of a company's sample data. `status` is '' when there is none."""

    status: str
    share: float
    days: int = DAYS
    accounts: int = ACCOUNTS

    @property
    def is_moving(self) -> bool:
        return self.status in MOVING


def may_have_sample(request: HttpRequest) -> bool:
    """Whether this user may make and remove sample data of the company they work in, which is none itself."""
    company: Tenant = request.tenant  # type: ignore[attr-defined]
    return access_of(request.user).level(Area.UNITS) >= Level.CHANGE and not company.is_sample


def state_of(company: Tenant) -> SampleState:
    """1 query."""
    sample = sample_of(company)
    return SampleState(sample.status, share_filled(sample)) if sample else SampleState("", 0.0)


def show(request: HttpRequest) -> HttpResponse:
    """What sample data is, and what became of this company's."""
    _check(request)
    content = {"title": _("Sample data"), "sample": state_of(request.tenant)}  # type: ignore[attr-defined]
    return page(request, "pqlhub/_sample.html" if is_fragment(request) else "pqlhub/sample.html", content)


@require_POST
def make(request: HttpRequest) -> HttpResponse:
    """Ask for it."""
    _check(request)
    company: Tenant = request.tenant  # type: ignore[attr-defined]
    try:
        request_sample(company=company, by=actor(request), now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect(PAGE)


def remove(request: HttpRequest) -> HttpResponse:
    """GET asks, POST has it erased."""
    _check(request)
    company: Tenant = request.tenant  # type: ignore[attr-defined]
    return confirm(
        request,
        title=_("Remove the sample data"),
        question=_(
            "Everything in “Sample data: Northwind Boards” is erased, with what you changed or added there. Nothing of"
            " %(company)s is touched. You can have new sample data at any time."
        )
        % {"company": company.name},
        button=_("Remove the sample data"),
        back=PAGE,
        do=lambda: remove_sample(company=company, by=actor(request), now=timezone.now()),
        done=_("The sample data is being removed."),
    )


def pages(guard: Any) -> list[Any]:
    """Addresses, each behind `guard`: the console's log-in."""
    return [
        path("", guard(show), name="pqlhub_sample"),
        path("make/", guard(make), name="pqlhub_sample_make"),
        path("remove/", guard(remove), name="pqlhub_sample_remove"),
    ]


def _check(request: HttpRequest) -> None:
    if not may_have_sample(request):
        raise PermissionDenied
