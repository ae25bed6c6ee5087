"""The forms of an enrichment: what is asked, and a domain to try it with."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from ingestion.models import Enrichment
from ingestion.rules.enrichment import read_mapping, show_mapping


class EnrichmentForm(forms.Form):
    """The operation checks the URL and the header."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    url = forms.CharField(
        label=gettext_lazy("URL"),
        max_length=500,
        help_text=gettext_lazy(
            "Asked by GET, with {domain} where the account's domain belongs:"
            " https://api.vendor.com/companies?domain={domain}. Leave the key out of it: everybody who sees this page"
            " sees the URL."
        ),
    )
    header_name = forms.CharField(
        label=gettext_lazy("Header with the key"),
        max_length=100,
        required=False,
        help_text=gettext_lazy("Such as Authorization or X-Api-Key. Empty when the vendor wants no key."),
    )
    secret = forms.CharField(
        label=gettext_lazy("Key"),
        max_length=2000,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy(
            "All that the header says, often “Bearer …”. Stored encrypted, never shown again."
        ),
    )
    mapping = forms.CharField(
        label=gettext_lazy("What tells which trait"),
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=gettext_lazy(
            "A line for each trait: where it is in the answer = how the trait is called. company.employees ="
            " employees; in a list by number, from 0: offices.0.country = country."
        ),
    )
    keep_days = forms.IntegerField(
        label=gettext_lazy("Days an answer is kept"),
        min_value=1,
        max_value=3650,
        initial=90,
        help_text=gettext_lazy("Nobody is asked about the same domain again before."),
    )
    calls_per_day = forms.IntegerField(
        label=gettext_lazy("Calls a day, at most"), min_value=1, max_value=100_000, initial=500
    )

    def clean_mapping(self) -> list[dict[str, str]]:
        try:
            return read_mapping(self.cleaned_data["mapping"])
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error


def values_of(enrichment: Enrichment) -> Mapping[str, Any]:
    """What the form shows of it. The key is not among it."""
    plain = ("name", "url", "header_name", "keep_days", "calls_per_day")
    return {name: getattr(enrichment, name) for name in plain} | {"mapping": show_mapping(enrichment.mapping)}


class TrialForm(forms.Form):
    domain = forms.CharField(
        label=gettext_lazy("Domain"), max_length=253, help_text=gettext_lazy("Of a company the vendor knows.")
    )
