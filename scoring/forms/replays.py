"""Which version to replay, over which days."""

from datetime import date
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from scoring.models import Version


class VersionField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Version) -> str:
        return _("%(name)s · version %(number)s (%(state)s)") % {
            "name": obj.definition.name,
            "number": obj.number,
            "state": obj.get_state_display(),
        }


class ReplayForm(forms.Form):
    """Whether the days make sense is judged by the operation."""

    version = VersionField(label=gettext_lazy("Version"), queryset=None, empty_label=None)
    first_day = forms.DateField(
        label=gettext_lazy("From"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    last_day = forms.DateField(
        label=gettext_lazy("To"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, versions: QuerySet[Version], today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["version"].queryset = versions  # type: ignore[attr-defined]
        for name in ("first_day", "last_day"):
            self.fields[name].widget.attrs["max"] = today.isoformat()
