"""Holdouts. Registered here and not in experiments: the form names definitions, the page lists held-out leads."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy

from experiments.models import Experiment
from experiments.operations import BadShare, WrongState, check_edit, create_holdout, edit_holdout
from experiments.queries import SHARES_SHOWN, shares_and_counts, size_hints
from routing.forms.holdout import HoldoutForm
from routing.queries.holdouts import recent_pqls
from routing.views import holdouts
from tenants.console import TenantAdmin, actor


@admin.register(Experiment)
class ExperimentAdmin(TenantAdmin):
    form = HoldoutForm
    fields = ["name", "business_unit", "percent", "definition"]
    list_display = ["name", "business_unit", "state", "share", "assigned", "started_at", "stopped_at"]
    list_select_related = ["business_unit"]
    list_filter = ["state"]
    ordering = ["-created_at"]
    actions = None
    empty_template = "experiments/_no_holdouts.html"
    change_form_after_template = "experiments/size_hints.html"

    def get_urls(self) -> list[Any]:
        return [
            self.own_path("<uuid:key>/change/", holdouts.show_holdout, "page"),
            self.own_path("<uuid:key>/edit/", self.edit_view, "edit"),
            self.own_path("<uuid:key>/do/", holdouts.act, "act"),
            *super().get_urls(),
        ]

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        hints = {
            "shares": SHARES_SHOWN,
            "hints": size_hints(),
            "recent_pqls": recent_pqls(now=timezone.now()),
        }
        return super().changeform_view(request, object_id, form_url, {**hints, **(extra_context or {})})

    def edit_view(self, request: HttpRequest, key: Any) -> HttpResponse:
        """Django's form; its usual address shows the holdout's own page."""
        return self.changeform_view(request, str(key))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["business_unit"] if obj else []

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Refusals of the operation show beside the form's fields."""
        form = super().get_form(request, obj, change=change, **kwargs)

        class Checked(form):  # type: ignore[misc, valid-type]
            def clean(self) -> Any:
                data = super().clean()
                if obj is not None and not self.errors:
                    _refuse_what_cannot_change(self, obj)
                return data

        return Checked

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """What the columns count is counted once for the page."""
        changelist = super().get_changelist_instance(request)
        counted = shares_and_counts([row.pk for row in changelist.result_list])
        for row in changelist.result_list:
            row.counted = counted[row.pk]
        return changelist

    def save_model(self, request: HttpRequest, obj: Experiment, form: Any, change: bool) -> None:
        values = {
            "name": obj.name,
            "percent": form.cleaned_data["percent"],
            "definition_id": form.definition_key,
        }
        by, now = actor(request), timezone.now()
        if change:
            edit_holdout(experiment=obj, **values, by=by, now=now)
            return
        obj.pk = create_holdout(business_unit=obj.business_unit, **values, by=by, now=now).pk

    def response_add(
        self, request: HttpRequest, obj: Experiment, post_url_continue: Any = None
    ) -> HttpResponse:
        return redirect("admin:experiments_experiment_page", obj.pk)

    def response_change(self, request: HttpRequest, obj: Experiment) -> HttpResponse:
        return redirect("admin:experiments_experiment_page", obj.pk)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # a draft is deleted on its page; what has run is kept

    @admin.display(description=gettext_lazy("Held out"))
    def share(self, obj: Any) -> str:
        return f"{obj.counted[0] / 100:g} %"

    @admin.display(description=gettext_lazy("Assigned"))
    def assigned(self, obj: Any) -> int:
        return int(obj.counted[1])


def _refuse_what_cannot_change(form: Any, experiment: Experiment) -> None:
    """The operation's own checks, asked before anything is written."""
    try:
        check_edit(
            experiment=experiment, percent=form.cleaned_data["percent"], definition_id=form.definition_key
        )
    except BadShare as refusal:
        form.add_error("percent", ValidationError(str(refusal)))
    except WrongState as refusal:
        form.add_error(None, ValidationError(str(refusal)))
