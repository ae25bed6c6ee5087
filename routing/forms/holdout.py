"""Shape of what people type about holdouts."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminSelectWidget

from experiments.models import Arm, Experiment
from experiments.operations import DEFAULT_PERCENT, LARGEST_PERCENT
from scoring.models import Definition


class HoldoutForm(forms.ModelForm):
    """A holdout: who it covers and how many it keeps. The definition is chosen by name and stored by key."""

    percent = forms.DecimalField(
        label=_("Held out (%)"),
        widget=UnfoldAdminDecimalFieldWidget,
        min_value=Decimal("0.01"),
        max_value=LARGEST_PERCENT,
        max_digits=5,
        decimal_places=2,
        initial=DEFAULT_PERCENT,
        help_text=_(
            "This share of accounts gets nothing. A larger share finds an effect sooner; see the table below."
        ),
    )
    definition = forms.ModelChoiceField(
        label=_("Definition"),
        widget=UnfoldAdminSelectWidget,
        queryset=None,
        required=False,
        empty_label=_("every definition of the unit and those below"),
        help_text=_("Only leads of this definition are held out."),
    )

    class Meta:
        model = Experiment
        fields = ["name", "business_unit", "percent", "definition"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        definition: Any = self.fields["definition"]
        definition.queryset = Definition.objects.filter(archived_at=None).order_by("name")
        if not self.instance._state.adding:
            control = Arm.objects.filter(experiment=self.instance, is_control=True).first()
            self.initial["percent"] = Decimal(control.weight) / 100 if control else DEFAULT_PERCENT
            self.initial["definition"] = self.instance.definition_id

    @property
    def definition_key(self) -> Any:
        chosen = self.cleaned_data.get("definition")
        return chosen.pk if chosen else None
