"""Which day, and under which definition, a score should be explained."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


class ExplainForm(forms.Form):
    """`today` is the tenant's: a score can be explained for any day up to it."""

    definition = forms.ChoiceField(label=gettext_lazy("Definition"))
    day = forms.DateField(
        label=gettext_lazy("At the end of"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": gettext_lazy("Use a date such as 2026-03-31.")},
    )

    def __init__(self, *args: Any, choices: list[tuple[str, str]], today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["definition"].choices = choices  # type: ignore[attr-defined]
        self.fields["day"].widget.attrs["max"] = today.isoformat()

    def clean_day(self) -> date:
        day: date = self.cleaned_data["day"]
        if day > self.today:
            raise forms.ValidationError(_("This day has not ended yet. Choose today or an earlier day."))
        if day.year < 2000:
            raise forms.ValidationError(_("Choose a day from the year 2000 on."))
        return day
