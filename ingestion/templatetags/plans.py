"""What plans look like in templates."""

from datetime import date
from decimal import Decimal

from django import template
from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.formats import date_format, localize
from django.utils.translation import gettext as _

from ingestion.models import Plan, PlanFact, PlanRule
from ingestion.rules.money import amount_of

register = template.Library()


@register.filter
def plan_status(value: str) -> str:
    """A status in words."""
    return str(PlanRule.Status(value).label)


@register.filter
def plan_value(row: PlanFact) -> str:
    """What a fact says, in words."""
    if row.value is None:
        return _("taken away")
    if row.fact == PlanRule.Fact.PLAN:
        return str(row.value)
    if row.fact == PlanRule.Fact.STATUS:
        return plan_status(row.value)
    return str(date_format(date.fromisoformat(row.value), "M j, Y"))


@register.filter
def plan_price(plan: Plan) -> str:
    """49.00 EUR, monthly; empty without a price."""
    if plan.price_minor is None:
        return ""
    amount = localize(amount_of(plan.price_minor, plan.currency))
    return f"{amount} {plan.currency}, {plan.get_billing_display()}"


@register.filter
def plain_number(value: Decimal) -> str:
    """Without the zeros of its column."""
    return str(intcomma(f"{value.normalize():f}"))
