"""Points in templates: stored in hundredths, shown as people type them."""

from decimal import Decimal

from django import template
from django.utils.translation import gettext as _

from scoring.queries.explanations import Line
from scoring.rules.spec import SignalKind
from scoring.rules.validation import format_points

register = template.Library()
YES_OR_NO = (SignalKind.TRAIT, SignalKind.MILESTONE, SignalKind.RECENCY, SignalKind.RULE)


@register.filter
def points(hundredths: int | None) -> str:
    """1250 -> "12.5"; an en dash for nothing."""
    return "–" if hundredths is None else format_points(hundredths).replace("-", "−")


@register.filter
def signed_points(hundredths: int) -> str:
    """2000 -> "+20", -500 -> "−5"."""
    return f"{'+' if hundredths > 0 else ''}{points(hundredths)}"


@register.filter
def measured(line: Line) -> str:
    """What a signal's value was and what it needed: "82 % of 80 % needed", "3 of 5 needed", or "true"."""
    if line.kind in YES_OR_NO:
        return _("true") if line.is_true else _("not true")
    unit = " %" if line.kind == SignalKind.USAGE else ""
    said = {"value": _plain(line.value) + unit, "needed": _plain(line.at_least) + unit}
    return _("%(value)s of %(needed)s needed") % said


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"
