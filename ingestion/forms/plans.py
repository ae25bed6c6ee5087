"""The forms of the catalogue of plans, and of the rules that tell an account's plan."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget

from ingestion.models import Limit, Plan, PlanRule
from ingestion.rules.money import amount_of, currency_code, minor_units


class PlanForm(forms.ModelForm):
    """The price is typed as people write it and kept in minor units."""

    price = forms.DecimalField(
        label=gettext_lazy("Price"),
        required=False,
        min_value=Decimal(0),
        max_digits=16,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal"}),
        help_text=gettext_lazy("For each billing period; empty when it depends."),
    )
    currency = forms.CharField(
        label=gettext_lazy("Currency"),
        max_length=3,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("Three letters, for example EUR."),
    )

    class Meta:
        model = Plan
        fields = ["name", "business_unit", "key", "billing", "currency"]

    field_order = ["name", "business_unit", "key", "price", "currency", "billing"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.price_minor is not None:
            price = amount_of(self.instance.price_minor, self.instance.currency)
            self.initial.setdefault("price", price)

    def clean_key(self) -> str:
        return str(self.cleaned_data["key"]).strip().lower()

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        price, currency = data.get("price"), currency_code(data.get("currency"))
        if price is None:
            data["currency"] = ""
            self.instance.price_minor = None
        elif not currency:
            self.add_error("currency", _("A price needs its currency: three letters, for example EUR."))
        else:
            data["currency"] = currency
            self.instance.price_minor = minor_units(price, currency)
        return data


class LimitForm(forms.ModelForm):
    class Meta:
        model = Limit
        fields = ["name", "business_unit", "kind", "action", "returning_action", "gauge_trait", "resets"]


class PlanRuleForm(forms.ModelForm):
    """Fields that the chosen source does not use may hold anything: they are left out."""

    class Meta:
        model = PlanRule
        fields = ["source", "name", "fact", "status", "plan_property", "trial_days"]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("source") == PlanRule.Source.TRAIT:
            data |= {"status": "", "plan_property": "", "trial_days": None}
            if not data.get("fact"):
                self.add_error("fact", _("Say what the trait is, for example the plan."))
            return data
        data["fact"] = ""
        if not data.get("status") and not data.get("plan_property"):
            self.add_error(
                "status", _("Say which status the event makes, or which of its properties names the plan.")
            )
        if data.get("trial_days") and data.get("status") != PlanRule.Status.TRIAL:
            self.add_error(
                "trial_days", _("Only an event that starts a trial has days. Empty it, or choose trial.")
            )
        return data
