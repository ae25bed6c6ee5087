"""A quarantined event as text, to be mended."""

from django import forms
from django.utils.translation import gettext_lazy


class MendForm(forms.Form):
    raw = forms.CharField(
        label=gettext_lazy("As received"),
        max_length=600_000,
        widget=forms.Textarea(attrs={"rows": 18, "spellcheck": "false", "class": "pq-mono"}),
    )
