"""A template's open slots as a form: which of the tenant's events is which."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from scoring.rules.templates import Slot, Template, suggest


class TemplateForm(forms.Form):
    """Name, owner, and a select for each slot, filled with the likeliest of the events that arrive. Who has no
    buyer yet has never sent the goal: the usual names can be chosen too, and the action mended later."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    business_unit = forms.ModelChoiceField(queryset=None, label=gettext_lazy("Owned by"), empty_label=None)

    def __init__(self, data: Any, *, template: Template, units: QuerySet[Any], names: list[str]) -> None:
        super().__init__(data, initial={"name": _(template.name)})
        self.template = template
        self.fields["business_unit"].queryset = units
        for slot in template.slots:
            self.fields[f"slot_{slot.key}"] = forms.ChoiceField(
                label=_(slot.name),
                choices=_choices(slot, names),
                required=slot.is_required,
                initial=suggest(slot, names) or "",
                help_text=_("needed") if slot.is_required else "",
            )

    @property
    def events(self) -> dict[str, str]:
        """Slot key to event name, of a valid form."""
        return {slot.key: self.cleaned_data[f"slot_{slot.key}"] for slot in self.template.slots}


def _choices(slot: Slot, names: list[str]) -> list[tuple[str, Any]]:
    nothing = _("– choose the event –") if slot.is_required else _("– not sent, leave it out –")
    later = [(name, name) for name in slot.usual_names if name not in names]
    seen = [(name, name) for name in names]
    return [("", nothing), (_("Events that arrive"), seen), (_("Not seen yet, will be sent later"), later)]
