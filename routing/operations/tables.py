"""Routing tables: all lines are saved together, so that the order a person sees is the order that is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from delivery.models import Destination
from routing.models import Pool, RoutingFailure, RoutingRule, RoutingTable, Target
from routing.operations.failures import make_due
from routing.rules.conditions import Problem, read_condition
from tenants import audit
from tenants.audit import Actor
from tenants.models import BusinessUnit, Membership

PROBLEMS = {
    Problem.UNKNOWN_FIELD: gettext_lazy("choose what to look at"),
    Problem.UNKNOWN_OP: gettext_lazy("choose a comparison"),
    Problem.OP_NOT_FOR_FIELD: gettext_lazy("this comparison does not go with what it looks at"),
    Problem.NAME_MISSING: gettext_lazy("name the trait"),
    Problem.VALUE_MISSING: gettext_lazy("give a value to compare with"),
    Problem.NOT_A_NUMBER: gettext_lazy("“at least” and “at most” need a number"),
}


@dataclass(frozen=True)
class RuleLine:
    """One line of a table as the editor gives it."""

    name: str
    conditions: Sequence[dict[str, Any]]
    target: str
    pool: Pool | None = None
    rep: Membership | None = None
    destination: Destination | None = None


@transaction.atomic
def save_table(
    *,
    business_unit: BusinessUnit,
    lines: Sequence[RuleLine],
    default_target: str = Target.HOLD,
    default_pool: Pool | None = None,
    by: Actor,
    now: datetime,
) -> RoutingTable:
    """Make or replace the table of a unit. Raises ValidationError with one message for each thing that is wrong, naming
    the line. Leads that were routed keep where they went; PQLs that are stuck are tried again."""
    problems = [problem for place, line in enumerate(lines, start=1) for problem in problems_of(place, line)]
    if default_target == Target.POOL and default_pool is None:
        problems.append(_("Otherwise: choose the pool that takes what no line matched."))
    if default_target not in (Target.POOL, Target.NURTURE, Target.HOLD):
        problems.append(_("Otherwise: choose a pool, nurture or hold."))
    if problems:
        raise ValidationError(problems)
    table, created = RoutingTable.objects.update_or_create(
        business_unit=business_unit,
        defaults={
            "default_target": default_target,
            "default_pool": default_pool if default_target == Target.POOL else None,
            "updated_at": now,
        },
    )
    RoutingRule.objects.filter(table=table).delete()
    RoutingRule.objects.bulk_create([_row(table, place, line) for place, line in enumerate(lines)])
    verb = "routing_table.created" if created else "routing_table.changed"
    audit.record(by=by, verb=verb, target=table, fields=["rules"], now=now)
    make_due(RoutingFailure.objects.all(), now=now)
    return table


def problems_of(place: int, line: RuleLine) -> list[str]:
    """What is wrong with a line, in words that name it."""
    label = _("Line %(place)s (%(name)s)") % {"place": place, "name": line.name.strip() or _("unnamed")}
    found = []
    if not line.name.strip():
        found.append(_("give it a name; reps read it as the reason."))
    needed = {
        Target.POOL: (line.pool, _("choose the pool.")),
        Target.REP: (line.rep, _("choose the rep.")),
        Target.AUTOMATION: (line.destination, _("choose the destination that runs the automation.")),
    }
    if line.target not in Target.values:
        found.append(_("choose where to send the lead."))
    elif line.target in needed and needed[Target(line.target)][0] is None:
        found.append(needed[Target(line.target)][1])
    for number, stored in enumerate(line.conditions, start=1):
        condition = read_condition(stored)
        if isinstance(condition, Problem):
            found.append(
                _("condition %(number)s: %(problem)s") % {"number": number, "problem": PROBLEMS[condition]}
            )
    return [f"{label}: {text}" for text in found]


def _row(table: RoutingTable, place: int, line: RuleLine) -> RoutingRule:
    return RoutingRule(
        table=table,
        position=place,
        name=line.name.strip(),
        conditions=list(line.conditions),
        target=line.target,
        pool=line.pool if line.target == Target.POOL else None,
        rep=line.rep if line.target == Target.REP else None,
        destination=line.destination,
    )
