"""Pages for platform operators (the jobs and beat's ticks), and those that several rooms make together."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin

from ingestion.models import Erasure
from pqlhub import operator_jobs, operator_storage
from pqlhub.models import JobStatus
from pqlhub.privacy.admin import ErasureAdmin
from tenants import audit

admin.site.register(Erasure, ErasureAdmin)


@admin.register(JobStatus)
class JobStatusAdmin(ModelAdmin):
    """Each tick's and stage's last run, lag and failures, and "run now"."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def _operators_only(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    def get_urls(self) -> list[Any]:
        run_now = path(
            "<slug:tick>/run/", self.admin_site.admin_view(require_POST(self.run_now)), name="pqlhub_run_now"
        )
        switch = path(
            "<slug:tick>/switch/",
            self.admin_site.admin_view(require_POST(self.switch)),
            name="pqlhub_switch_tick",
        )
        storage = path("storage/", self.admin_site.admin_view(self.storage), name="pqlhub_storage")
        return [run_now, switch, storage, *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self._operators_only(request)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Jobs"),
            "opts": self.opts,
            "ticks": operator_jobs.ticks(now=timezone.now()),
            "stages": operator_jobs.stages(now=timezone.now()),
        }
        return TemplateResponse(request, "pqlhub/jobs.html", context)

    def storage(self, request: HttpRequest) -> HttpResponse:
        """The partitions of all companies' events: their sizes, and when each goes."""
        self._operators_only(request)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Storage"),
            "opts": self.opts,
            **operator_storage.storage(),
        }
        return TemplateResponse(request, "pqlhub/storage.html", context)

    def run_now(self, request: HttpRequest, tick: str) -> HttpResponse:
        self._operators_only(request)
        name = operator_jobs.run_now(slug=tick, by=audit.actor_for(request.user), now=timezone.now())
        messages.success(request, _("“%(name)s” was asked to run now.") % {"name": name})
        return HttpResponseRedirect(reverse("admin:pqlhub_jobstatus_changelist"))

    def switch(self, request: HttpRequest, tick: str) -> HttpResponse:
        self._operators_only(request)
        name, is_on = operator_jobs.switch(slug=tick, by=audit.actor_for(request.user), now=timezone.now())
        text = (
            _("“%(name)s” is on again.")
            if is_on
            else _("“%(name)s” is off: nothing it does will happen until it is on.")
        )
        messages.success(request, text % {"name": name})
        return HttpResponseRedirect(reverse("admin:pqlhub_jobstatus_changelist"))
