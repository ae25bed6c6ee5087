"""Shape of what people type about destinations."""

from typing import Any

from django import forms
from django.conf import settings

from delivery.models import Destination
from delivery.operations.destinations import URL_PROBLEMS
from tenants.rules.addresses import problem_with_url


class DestinationForm(forms.ModelForm):
    """Checks the URL where it is typed; the operation checks again, and every attempt looks where the name leads."""

    class Meta:
        model = Destination
        fields = ["name", "business_unit", "url", "receives_all_leads"]

    def clean_url(self) -> Any:
        url = self.cleaned_data["url"]
        problem = problem_with_url(url, allow_private=settings.WEBHOOK_ALLOW_PRIVATE_ADDRESSES)
        if problem:
            raise forms.ValidationError(URL_PROBLEMS[problem])
        return url
