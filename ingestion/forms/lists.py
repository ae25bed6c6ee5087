"""The forms of a list: its name, and the rows that are pasted or uploaded."""

import codecs
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ingestion.models import List

MOST_BYTES = 20 * 1024 * 1024
MODES = [
    ("add", gettext_lazy("Add to what is there")),
    ("replace", gettext_lazy("Replace all rows by these")),
]


class ListForm(forms.ModelForm):
    """Carries the words it was opened with, so that nobody saves over another's without having seen them."""

    class Meta:
        model = List
        fields = ["name", "business_unit", "kind", "description"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("name", "description"):
            self.fields[name].show_hidden_initial = True

    @property
    def seen(self) -> tuple[str, str]:
        """Name and description when the form was opened."""
        name, description = (self.data.get(f"initial-{each}", "") for each in ("name", "description"))
        return name, description.replace("\r\n", "\n")


class RowsForm(forms.Form):
    """Rows as text or as a file. `cleaned_data["rows"]` is the text of whichever was given."""

    text = forms.CharField(
        label=gettext_lazy("Paste rows"),
        required=False,
        strip=False,
        max_length=MOST_BYTES,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false", "class": "pq-mono"}),
        help_text=gettext_lazy("One a line. Optional columns: note, and expires_on as 2027-12-31."),
    )
    file = forms.FileField(
        label=gettext_lazy("or choose a file"),
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,text/*"}),
        help_text=gettext_lazy("CSV or text, up to 20 MB and 200,000 rows."),
    )
    mode = forms.ChoiceField(label=gettext_lazy("How"), choices=MODES, initial="add")
    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = self.cleaned_data
        if self.errors:
            return data
        text = data.get("text") or ""
        if data.get("file"):
            if text.strip():
                self.add_error("file", _("Paste rows or choose a file, not both."))
                return data
            text = self._decoded(data["file"])
        if not text.strip() and not self.errors:
            self.add_error("text", _("Paste at least one row, or choose a file that has some."))
        return data | {"rows": text}

    def _decoded(self, file: Any) -> str:
        if file.size > MOST_BYTES:
            self.add_error("file", _("This file is larger than 20 MB. Split it into several."))
            return ""
        content: bytes = file.read()
        is_wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        try:
            return content.decode("utf-16" if is_wide else "utf-8-sig")
        except UnicodeDecodeError:
            self.add_error("file", _("This is no text in UTF-8. In a spreadsheet, save it as “CSV UTF-8”."))
            return ""
