"""The forms of merge protection: a rule about an id, and the limits."""

from django import forms
from django.utils.translation import gettext_lazy

from ingestion.models import IdentityLimits, IdentityRule


class IdentityRuleForm(forms.Form):
    """What holds for one id, and why."""

    kind = forms.ChoiceField(label=gettext_lazy("What it is"), choices=IdentityRule.Kind.choices)
    value = forms.CharField(
        label=gettext_lazy("Id"),
        max_length=600,
        help_text=gettext_lazy("Exactly as your product sends it; upper and lower case are two ids."),
    )
    note = forms.CharField(
        label=gettext_lazy("Why"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("For whoever reads the list next year: “The test device in the showroom”."),
    )


class IdentityLimitsForm(forms.ModelForm):  # type: ignore[type-arg]
    """How much one id may join."""

    class Meta:
        model = IdentityLimits
        fields = ["users_per_device", "devices_per_day"]
