"""In which order origins are believed about a trait."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget

from ingestion.models import TraitPrecedence, TraitValue
from ingestion.rules.precedence import USUAL

PLACES = [
    ("first", gettext_lazy("First")),
    ("second", gettext_lazy("Second")),
    ("third", gettext_lazy("Third")),
    ("fourth", gettext_lazy("Fourth")),
    ("fifth", gettext_lazy("Last")),
]


class PrecedenceForm(forms.ModelForm):
    class Meta:
        model = TraitPrecedence
        fields = ("trait",)
        help_texts = {
            "trait": gettext_lazy(
                "As it is sent, for example employees. Leave it empty for all other traits."
            )
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        order = self.instance.origins or list(USUAL)
        if self.instance.pk:
            self.fields["trait"].disabled = True
        for (name, label), origin in zip(PLACES, order, strict=True):
            self.fields[name] = forms.TypedChoiceField(
                label=label,
                coerce=int,
                choices=TraitValue.Origin.choices,
                initial=origin,
                widget=UnfoldAdminSelectWidget,
            )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        order = [data.get(name) for name, _label in PLACES]
        if None not in order and len(set(order)) < len(order):
            twice = next(origin for origin in order if order.count(origin) > 1)
            raise forms.ValidationError(
                _("“%s” has two places. Give each origin one.") % TraitValue.Origin(twice).label
            )
        self.instance.origins = order
        return data
