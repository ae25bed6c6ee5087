"""The form of a rule about who does not count."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from ingestion.models import ExclusionRule
from ingestion.rules.exclusion import clean_value

Kind = ExclusionRule.Kind
# What to write for each kind, beside the field.
HINTS: list[tuple[str, str, Any]] = [
    (Kind.EMAIL_DOMAIN, "acme.com", gettext_lazy("everybody with an address there, or below it")),
    (Kind.USER_ID, "10042", gettext_lazy("one person, by the id your product sends, exactly")),
    (Kind.ACCOUNT_KEY, "ws-demo", gettext_lazy("one account, by the group id your product sends, exactly")),
    (Kind.PERSON_TRAIT, "is_internal = true", gettext_lazy("every person whose trait has that value now")),
    (Kind.ACCOUNT_TRAIT, "plan = test", gettext_lazy("every account whose trait has that value now")),
    (Kind.NETWORK, "203.0.113.0/24", gettext_lazy("events sent from there, from now on")),
    (
        Kind.USER_AGENT,
        "acme-e2e/",
        gettext_lazy("events of browsers and apps whose user agent contains it, from now on"),
    ),
]


class ExclusionForm(forms.Form):
    """Who does not count, and why."""

    kind = forms.ChoiceField(label=gettext_lazy("What it goes by"), choices=Kind.choices)
    value = forms.CharField(
        label=gettext_lazy("Value"),
        max_length=500,
        help_text=gettext_lazy(
            "For example acme.com for an e-mail domain, or is_internal = true for a trait."
        ),
    )
    note = forms.CharField(
        label=gettext_lazy("Why"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("For whoever reads the list next year: “Our own staff”."),
    )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = self.cleaned_data
        if "kind" in data and "value" in data:
            try:
                data["value"] = clean_value(data["kind"], data["value"])
            except ValueError as error:
                self.add_error("value", str(error))
        return data
