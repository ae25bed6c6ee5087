"""The form of a CRM connection."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from ingestion.models import CrmConnection
from ingestion.operations import CrmSettings
from ingestion.rules.crm import HUBSPOT_URL
from ingestion.rules.enrichment import read_mapping, show_mapping


class CrmForm(forms.Form):
    """The operation checks the URL, the key and the names of fields."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    kind = forms.ChoiceField(label=gettext_lazy("CRM"), choices=CrmConnection.Kind.choices)
    about = forms.ChoiceField(
        label=gettext_lazy("Records"),
        choices=CrmConnection.About.choices,
        help_text=gettext_lazy("For both, make two connections: their fields differ."),
    )
    url = forms.CharField(
        label=gettext_lazy("URL"),
        max_length=300,
        initial=HUBSPOT_URL,
        help_text=gettext_lazy(
            "HubSpot: https://api.hubapi.com. Salesforce: your My Domain, https://acme.my.salesforce.com."
        ),
    )
    client_id = forms.CharField(
        label=gettext_lazy("Consumer key"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("Salesforce only: of an app with the client-credentials flow."),
    )
    secret = forms.CharField(
        label=gettext_lazy("Key"),
        max_length=2000,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy(
            "HubSpot: the access token of a private app that may read companies or contacts. Salesforce: the consumer"
            " secret. Stored encrypted, never shown again."
        ),
    )
    mapping = forms.CharField(
        label=gettext_lazy("What tells which trait"),
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=gettext_lazy(
            "A line for each trait: API name of the field = how the trait is called. numberofemployees = employees;"
            " in Salesforce also of what it refers to: Owner.Name = crm_owner."
        ),
    )
    match_field = forms.CharField(
        label=gettext_lazy("Field with your id"),
        max_length=255,
        required=False,
        help_text=gettext_lazy(
            "A field that holds the account's id (group id) or the person's user id of your product. Empty: by domain"
            " or e-mail address."
        ),
    )
    every_minutes = forms.IntegerField(
        label=gettext_lazy("Minutes between rounds"), min_value=5, max_value=1440, initial=15
    )

    def clean_mapping(self) -> list[dict[str, str]]:
        try:
            return read_mapping(self.cleaned_data["mapping"])
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error

    @property
    def said(self) -> CrmSettings:
        """What the operations take."""
        return CrmSettings(**self.cleaned_data)


def values_of(connection: CrmConnection) -> Mapping[str, Any]:
    """What the form shows of it. The key is not among it."""
    plain = ("name", "kind", "about", "url", "client_id", "match_field", "every_minutes")
    return {name: getattr(connection, name) for name in plain} | {"mapping": show_mapping(connection.mapping)}
