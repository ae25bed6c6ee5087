"""The editor of a routing table, with a box to try it on real leads before it is saved."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from routing.forms.table import TableDraft, posted_draft, stored_draft
from routing.forms.wording import read_trace
from routing.models import RoutingTable, Target
from routing.operations import place_held, save_table
from routing.queries.cases import case_of
from routing.queries.choices import TableChoices, leads_to_try, table_choices
from routing.queries.tables import held_leads, members_of, rules_of, seats_of
from routing.queries.visible import visible_leads
from routing.rules.rotation import next_turn
from routing.rules.table import Rule, decide
from tenants.access import Area, Level, access_of
from tenants.console import actor, find_visible, page

LAST_TARGETS = [Target.POOL, Target.NURTURE, Target.HOLD]


def edit_table(request: HttpRequest, key: UUID) -> HttpResponse:
    """GET shows the table; POST saves it or, by `do`, adds, removes or moves rows without saving."""
    table = _get_table(request, key)
    choices = table_choices(table.business_unit)
    if request.method != "POST":
        return _answer(request, table, choices, stored_draft(table, rules_of(table)))
    if not _may_change(request, table):
        raise PermissionDenied
    draft = posted_draft(request.POST)
    command = request.POST.get("do", "save")
    if command != "save":
        draft.rearrange(command)
        return _answer(request, table, choices, draft)
    return _save(request, table, choices, draft)


@require_POST
def try_table(request: HttpRequest, key: UUID) -> HttpResponse:
    """Which line of the table as typed would take a lead. Form field: lead."""
    table = _get_table(request, key)
    visible = visible_leads(access_of(request.user))
    wanted = request.POST.get("lead", "")
    lead = next(
        (row for row in leads_to_try(table.business_unit, visible=visible) if str(row.pk) == wanted), None
    )
    if lead is None:
        return page(request, "routing/_try.html", {"problem": _("Choose a lead to try the table on.")})
    choices, draft = table_choices(table.business_unit), posted_draft(request.POST)
    lines = draft.rule_lines(choices)
    rules = [Rule(str(place), line.name or "?", line.conditions) for place, line in enumerate(lines)]
    decision = decide(rules, case_of(lead.qualification, now=timezone.now()).facts)
    context = {
        "lead": lead,
        "trace": read_trace(decision.trace),
        "goes_to": _goes_to(draft, decision.key, choices),
    }
    return page(request, "routing/_try.html", context)


@require_POST
def place_held_leads(request: HttpRequest, key: UUID) -> HttpResponse:
    """The stored tables decide again about the leads on hold."""
    table = _get_table(request, key)
    if not _may_change(request, table):
        raise PermissionDenied
    placed = place_held(table=table, by=actor(request), now=timezone.now())
    left = held_leads(table).count()
    messages.success(
        request,
        _("%(placed)d leads went on, %(left)d stay on hold.") % {"placed": placed, "left": left},
    )
    return redirect("admin:routing_routingtable_page", table.pk)


def _save(
    request: HttpRequest, table: RoutingTable, choices: TableChoices, draft: TableDraft
) -> HttpResponse:
    try:
        save_table(
            business_unit=table.business_unit,
            lines=draft.rule_lines(choices),
            default_target=draft.default_target,
            default_pool=next((row for row in choices.pools if str(row.pk) == draft.default_pool), None),
            by=actor(request),
            now=timezone.now(),
        )
    except ValidationError as refusal:
        return _answer(request, table, choices, draft, problems=refusal.messages, status=422)
    saved = _("Saved. It decides for every PQL from now on; leads that were routed stay where they are.")
    if not request.htmx:  # type: ignore[attr-defined]
        messages.success(request, saved)
        return redirect("admin:routing_routingtable_page", table.pk)
    return _answer(request, table, choices, draft, notice=saved)


def _answer(
    request: HttpRequest,
    table: RoutingTable,
    choices: TableChoices,
    draft: TableDraft,
    *,
    status: int = 200,
    **said: Any,
) -> HttpResponse:
    visible = visible_leads(access_of(request.user))
    context = {
        "title": _("Routing of %(unit)s") % {"unit": table.business_unit},
        "original": table,
        "opts": RoutingTable._meta,
        "table": table,
        "draft": draft,
        "lines": _numbered(draft, choices),
        "choices": choices,
        "targets": Target.choices,
        "last_targets": [(target.value, target.label) for target in LAST_TARGETS],
        "person_traits": sorted(choices.traits["person_trait"]),  # type: ignore[index]
        "account_traits": sorted(choices.traits["account_trait"]),  # type: ignore[index]
        "leads": leads_to_try(table.business_unit, visible=visible),
        "doubts": draft.doubts(choices),
        "may_change": _may_change(request, table),
        "held": held_leads(table).count(),
        **said,
    }
    template = "routing/_table.html" if request.htmx else "routing/table.html"  # type: ignore[attr-defined]
    return page(request, template, context, status=status)


def _numbered(draft: TableDraft, choices: TableChoices) -> list[dict[str, Any]]:
    """Lines and conditions with their places, and the values to suggest."""
    return [
        {
            "line": line,
            "place": place,
            "conditions": [
                {"row": row, "place": number, "values": choices.values_for(row.field, row.name)[:100]}
                for number, row in enumerate(line.conditions)
            ],
        }
        for place, line in enumerate(draft.lines)
    ]


def _goes_to(draft: TableDraft, key: str | None, choices: TableChoices) -> str:
    """Where the deciding line sends a lead, with the rep whose turn it would be."""
    line = draft.lines[int(key)] if key is not None else None
    target = line.target if line else draft.default_target
    pool_key = line.pool if line else draft.default_pool
    if target == Target.POOL:
        pool = next((row for row in choices.pools if str(row.pk) == pool_key), None)
        if pool is None:
            return _("a pool that is not chosen yet")
        members = members_of(pool)
        turn = next_turn(seats_of(pool, members))
        member = next((row for row in members if str(row.pk) == turn.key), None)
        if member is None:
            return _("the pool %(pool)s, where everybody is full or away: it would wait") % {"pool": pool}
        return _("the pool %(pool)s, next in turn: %(rep)s") % {"pool": pool, "rep": member.membership.user}
    if line and target == Target.REP:
        rep = next((row for row in choices.reps if str(row.pk) == line.rep), None)
        return str(rep.user) if rep else _("a rep who is not chosen yet")
    return str(dict(Target.choices).get(target, _("nowhere yet")))


def _get_table(request: HttpRequest, key: UUID) -> RoutingTable:
    return find_visible(request, RoutingTable.objects.select_related("business_unit"), Area.ROUTING, key)


def _may_change(request: HttpRequest, table: RoutingTable) -> bool:
    return access_of(request.user).level(Area.ROUTING, table.business_unit.path) >= Level.CHANGE
