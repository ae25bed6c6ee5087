"""The page of a holdout: its arms, and, for those who may know, the leads it keeps back."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from experiments import operations
from experiments.models import Experiment
from experiments.queries import arm_counts
from routing.queries.holdouts import held_out_by
from routing.queries.visible import held_out_leads
from scoring.models import Definition
from tenants.access import Area, access_of
from tenants.console import actor, find_visible, page


def show_holdout(request: HttpRequest, key: UUID) -> HttpResponse:
    experiment = _get_experiment(request, key)
    access = access_of(request.user)
    counts = arm_counts(experiment)
    sees = access.sees_held_out_in(experiment.business_unit.path)
    total, mixed = sum(row.assigned for row in counts), sum(row.mixed for row in counts)
    context = {
        "title": experiment.name,
        "experiment": experiment,
        "definition": Definition.objects.filter(pk=experiment.definition_id).first(),
        "arms": counts,
        "total": total,
        "mixed": mixed,
        "many_mixed": mixed * 100 > total,
        "may_change": _may_change(request, experiment),
        "sees_held_out": sees,
        "leads": held_out_by(experiment, visible=held_out_leads(access)) if sees else [],
        "original": experiment,
        "opts": Experiment._meta,
    }
    return page(request, "experiments/holdout.html", context)


@require_POST
def act(request: HttpRequest, key: UUID) -> HttpResponse:
    """Form field `do`: start, stop or delete (a draft)."""
    experiment = _get_experiment(request, key)
    if not _may_change(request, experiment):
        raise PermissionDenied
    by, now = actor(request), timezone.now()
    try:
        match request.POST.get("do"):
            case "start":
                operations.start(experiment=experiment, by=by, now=now)
                messages.success(request, _("Running. New PQLs are assigned before anything acts on them."))
            case "stop":
                operations.stop(experiment=experiment, by=by, now=now)
                messages.success(
                    request, _("Stopped. New PQLs are all worked; held-out leads stay as they are.")
                )
            case "delete":
                operations.delete_draft(experiment=experiment, by=by, now=now)
                messages.success(request, _("Deleted."))
                return redirect("admin:experiments_experiment_changelist")
            case _:
                raise Http404
    except operations.WrongState as refusal:
        messages.error(request, str(refusal))
    return redirect("admin:experiments_experiment_page", experiment.pk)


def _get_experiment(request: HttpRequest, key: UUID) -> Experiment:
    return find_visible(request, Experiment.objects.select_related("business_unit"), Area.EXPERIMENTS, key)


def _may_change(request: HttpRequest, experiment: Experiment) -> bool:
    return bool(request.user.has_perm("experiments.change_experiment", experiment))  # type: ignore[union-attr]
