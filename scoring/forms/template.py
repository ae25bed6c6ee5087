"""A template's open slots as a form: which of the tenant's events is which."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from scoring.rules.templates import Template, suggest


class TemplateForm(forms.Form):
    """Name, owner, and a select for each slot, filled with the likeliest of the events that arrive."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    business_unit = forms.ModelChoiceField(queryset=None, label=gettext_lazy("Owned by"), empty_label=None)

    def __init__(self, data: Any, *, template: Template, units: QuerySet[Any], names: list[str]) -> None:
        super().__init__(data, initial={"name": _(template.name)})
        self.template = template
        self.fields["business_unit"].queryset = units
        choices = [("", _("– not sent, leave it out –")), *((name, name) for name in names)]
        for slot in template.slots:
            self.fields[f"slot_{slot.key}"] = forms.ChoiceField(
                label=_(slot.name),
                choices=choices,
                required=slot.is_required,
                initial=suggest(slot, names) or "",
                help_text=_("needed") if slot.is_required else "",
            )

    @property
    def events(self) -> dict[str, str]:
        """Slot key to event name, of a valid form."""
        return {slot.key: self.cleaned_data[f"slot_{slot.key}"] for slot in self.template.slots}
