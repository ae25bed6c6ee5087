"""The form of an action: which events it counts, the filters on their properties, and the number to sum."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.forms import BaseFormSet, formset_factory
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ingestion.forms.rows import as_posted, posted_rows, rearranged
from ingestion.models.events import EventKind
from ingestion.rules.filters import as_number
from tenants.models import BusinessUnit

COUNTED_KINDS = [
    (EventKind.TRACK, gettext_lazy("track: something happened")),
    (EventKind.PAGE, gettext_lazy("page: a page was viewed")),
    (EventKind.SCREEN, gettext_lazy("screen: a screen was viewed")),
]
TESTS = [
    ("eq", gettext_lazy("is")),
    ("ne", gettext_lazy("is not")),
    ("in", gettext_lazy("is one of")),
    ("contains", gettext_lazy("contains")),
    ("gte", gettext_lazy("is at least")),
    ("lte", gettext_lazy("is at most")),
    ("exists", gettext_lazy("is there")),
]


class ActionForm(forms.Form):
    """What the action is called and which events it is about."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=120,
        help_text=gettext_lazy("As people say it: “Invited a teammate”."),
    )
    business_unit = forms.ModelChoiceField(
        label=gettext_lazy("Owned by"),
        queryset=None,
        empty_label=None,
        help_text=gettext_lazy("Corporate actions can be used by every unit."),
    )
    event_name = forms.CharField(
        label=gettext_lazy("Event"),
        max_length=1000,
        required=False,
        help_text=gettext_lazy("Exactly as the product sends it."),
        widget=forms.TextInput(attrs={"list": "known-events"}),
    )
    event_kind = forms.TypedChoiceField(label=gettext_lazy("Call"), choices=COUNTED_KINDS, coerce=int)
    number_property = forms.CharField(
        label=gettext_lazy("Number to sum"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Optional: the property that sums use, for example amount."),
        widget=forms.TextInput(attrs={"list": "known-properties"}),
    )
    description = forms.CharField(
        label=gettext_lazy("Description"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, units: QuerySet[BusinessUnit], is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["business_unit"].queryset = units  # type: ignore[attr-defined]
        if not is_new:
            del self.fields["business_unit"]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = self.cleaned_data
        if data.get("event_kind") == EventKind.TRACK and not (data.get("event_name") or "").strip():
            self.add_error("event_name", _("Choose the event to count, exactly as the product sends it."))
        return data


class FilterForm(forms.Form):
    """One condition on a property; all must hold."""

    property = forms.CharField(
        label=gettext_lazy("Property"),
        max_length=200,
        widget=forms.TextInput(attrs={"list": "known-properties"}),
    )
    op = forms.ChoiceField(label=gettext_lazy("Test"), choices=TESTS)
    value = forms.CharField(label=gettext_lazy("Value"), max_length=500, required=False)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = self.cleaned_data
        operator, value = data.get("op"), (data.get("value") or "").strip()
        if operator is None or operator == "exists":
            return data
        if not value:
            self.add_error("value", _("Give a value to compare with, or test “is there”."))
        elif operator in ("gte", "lte") and as_number(value) is None:
            self.add_error(
                "value",
                _("“%(value)s” is not a number. “Is at least” and “is at most” compare numbers.")
                % {"value": value},
            )
        elif operator == "in" and not _parts(value):
            self.add_error("value", _("Give at least one value; separate several by commas."))
        return data

    def to_filter(self) -> dict[str, Any]:
        """As ingestion.rules.filters reads it; only after is_valid()."""
        data = self.cleaned_data
        stored: dict[str, Any] = {"property": data["property"], "op": data["op"]}
        if data["op"] == "exists":
            return stored
        value = data["value"].strip()
        return stored | {"value": _parts(value) if data["op"] == "in" else value}


FilterFormSet = formset_factory(FilterForm, extra=0, max_num=20, absolute_max=30)


def filter_initial(stored: dict[str, Any]) -> dict[str, str]:
    """A stored filter as the form shows it."""
    value = stored.get("value", "")
    if isinstance(value, list):
        value = ", ".join(str(part) for part in value)
    elif isinstance(value, bool):
        value = "true" if value else "false"
    return {"property": stored["property"], "op": stored["op"], "value": str(value)}


def stored_filters(filters: list[dict[str, Any]]) -> BaseFormSet:
    return FilterFormSet(initial=[filter_initial(each) for each in filters], prefix="filters")


def posted_filters(data: Any) -> BaseFormSet:
    return FilterFormSet(as_posted(posted_rows(data, "filters"), "filters"), prefix="filters")


def rearranged_filters(data: Any, command: str) -> BaseFormSet:
    """The typed rows after "add" or "remove-2", not checked."""
    rows = rearranged(posted_rows(data, "filters"), command, {"op": "eq"})
    return FilterFormSet(initial=rows, prefix="filters")


def _parts(value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]
