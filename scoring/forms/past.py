"""How many PQLs of the past to route."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


class ReleaseForm(forms.Form):
    """`waiting`: how many there are."""

    number = forms.IntegerField(
        label=gettext_lazy("How many, the highest scores first"),
        min_value=1,
        error_messages={"required": gettext_lazy("Write how many to route.")},
    )

    def __init__(self, *args: Any, waiting: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.waiting = waiting

    def clean_number(self) -> int:
        number = int(self.cleaned_data["number"])
        if number > self.waiting:
            raise forms.ValidationError(
                _("Only %(waiting)s wait. Write that or less.") % {"waiting": f"{self.waiting:,}"}
            )
        return number
