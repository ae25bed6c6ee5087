"""A quarantined event as text, to be mended."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy


class MendForm(forms.Form):
    raw = forms.CharField(
        label=gettext_lazy("As received"),
        max_length=600_000,
        widget=forms.Textarea(attrs={"rows": 18, "spellcheck": "false", "class": "pq-mono"}),
    )

    def __init__(self, *args: Any, may_mend: bool = True, **kwargs: Any) -> None:
        """Without may_mend it is sent as it came: what is shown is not all of it."""
        super().__init__(*args, **kwargs)
        if not may_mend:
            del self.fields["raw"]


class GroupForm(forms.Form):
    """A group of the quarantine, as its button names it."""

    source = forms.UUIDField()
    code = forms.CharField(max_length=64)
    event = forms.CharField(max_length=255, required=False, strip=False)

    @property
    def group(self) -> dict[str, Any]:
        """What the operation takes."""
        said = self.cleaned_data
        return {"source_id": said["source"], "code": said["code"], "event_name": said["event"]}
