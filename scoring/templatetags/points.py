"""Points in templates: stored in hundredths, shown as people type them."""

from django import template

from scoring.rules.validation import format_points

register = template.Library()


@register.filter
def points(hundredths: int | None) -> str:
    """1250 -> "12.5"; an en dash for nothing."""
    return "–" if hundredths is None else format_points(hundredths).replace("-", "−")


@register.filter
def signed_points(hundredths: int) -> str:
    """2000 -> "+20", -500 -> "−5"."""
    return f"{'+' if hundredths > 0 else ''}{points(hundredths)}"
