"""Fields that more than one form uses."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from scoring.rules.spec import POINTS_LIMIT
from scoring.rules.validation import format_points

UNSUITED = {"invalid": _("Use a number, for example 10 or 2.5.")}


class PointsField(forms.DecimalField):
    """Points as people type them ("12.5"); the cleaned value is integer hundredths, as stored."""

    def __init__(self, **kwargs: Any) -> None:
        limits = {"max_value": POINTS_LIMIT // 100, "min_value": -POINTS_LIMIT // 100}
        super().__init__(
            **{"decimal_places": 2, "max_digits": 9, "error_messages": UNSUITED, **limits, **kwargs}
        )
        self.widget.attrs.setdefault("step", "any")

    def clean(self, value: Any) -> Any:
        number = super().clean(value)
        return None if number is None else int(number * 100)

    def prepare_value(self, value: Any) -> Any:
        return format_points(value) if isinstance(value, int) else value
