"""The forms of a tracking plan, for whoever looks after data and does not read JSON."""

import json
from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.forms import BaseFormSet, formset_factory
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ingestion.forms.rows import as_posted, posted_rows, rearranged
from ingestion.rules.tracking import KINDS, Document
from ingestion.rules.tracking_rows import WITH_VALUES, Row, Rows, schema_of
from tenants.models import Source

MODE_WORDS = [
    ("observe", gettext_lazy("Observe: count what departs, store everything as it comes")),
    ("flag", gettext_lazy("Flag: store it, and mark the event with what departs")),
    ("omit", gettext_lazy("Omit: take properties that depart out of the event, and keep them beside it")),
    (
        "quarantine",
        gettext_lazy("Quarantine: hold the whole event back until the plan or the event is mended"),
    ),
]
NAMING_WORDS = [
    ("", gettext_lazy("any")),
    ("object_action", gettext_lazy("Object Action: Report Exported")),
    ("title_case", gettext_lazy("Title Case: Export Report")),
    ("snake_case", gettext_lazy("snake_case: report_exported")),
    ("camel_case", gettext_lazy("camelCase: reportExported")),
    ("kebab_case", gettext_lazy("kebab-case: report-exported")),
    ("lower_case", gettext_lazy("lower case: report exported")),
]
TYPE_WORDS = [
    ("string", gettext_lazy("text")),
    ("integer", gettext_lazy("whole number")),
    ("number", gettext_lazy("number")),
    ("boolean", gettext_lazy("true or false")),
    ("date", gettext_lazy("date: 2026-03-01")),
    ("date-time", gettext_lazy("date and time: 2026-03-01T09:00:00Z")),
    ("array", gettext_lazy("list")),
    ("object", gettext_lazy("object")),
    ("any", gettext_lazy("anything")),
]
KIND_WORDS = {
    "track": gettext_lazy("track: something happened"),
    "page": gettext_lazy("page: a page was viewed"),
    "screen": gettext_lazy("screen: a screen was viewed"),
    "identify": gettext_lazy("identify: traits of a person"),
    "group": gettext_lazy("group: traits of an account"),
}


class PlanForm(forms.Form):
    """What a plan is called and whose events it is about."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=120, help_text=gettext_lazy("For example: Web app and mobile.")
    )
    sources = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Sources"),
        queryset=None,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Those of another plan are not offered: a source has one plan."),
    )

    def __init__(self, *args: Any, sources: QuerySet[Source], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sources"].queryset = sources  # type: ignore[attr-defined]


class NewPlanForm(PlanForm):
    """Also how it begins."""

    begin = forms.ChoiceField(
        label=gettext_lazy("Begin with"),
        choices=[
            ("arrived", gettext_lazy("what these sources send already: every event of the catalogue")),
            ("empty", gettext_lazy("nothing: add events by hand, or paste JSON")),
        ],
        initial="arrived",
        widget=forms.RadioSelect,
    )


class RulesForm(forms.Form):
    """What holds for the whole plan; a part of its draft."""

    mode = forms.ChoiceField(
        label=gettext_lazy("What happens to events that depart"), choices=MODE_WORDS, widget=forms.RadioSelect
    )
    unplanned_events = forms.BooleanField(
        label=gettext_lazy("Events that are not in the plan depart from it"), required=False
    )
    event_naming = forms.ChoiceField(
        label=gettext_lazy("Names of events"), choices=NAMING_WORDS, required=False
    )
    property_naming = forms.ChoiceField(
        label=gettext_lazy("Names of properties"), choices=NAMING_WORDS, required=False
    )
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)


class EventForm(forms.Form):
    """An event of a plan, above its properties."""

    type = forms.ChoiceField(label=gettext_lazy("Call"), choices=[(kind, KIND_WORDS[kind]) for kind in KINDS])
    name = forms.CharField(
        label=gettext_lazy("Event"),
        max_length=255,
        required=False,
        help_text=gettext_lazy("Exactly as the product sends it; identify and group calls have none."),
        widget=forms.TextInput(attrs={"list": "known-events"}),
    )
    description = forms.CharField(
        label=gettext_lazy("What it means"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    is_open = forms.BooleanField(label=gettext_lazy("Other properties may come too"), required=False)
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)


class PropertyForm(forms.Form):
    """One property of an event."""

    name = forms.CharField(label=gettext_lazy("Property"), max_length=200, strip=False)
    type = forms.ChoiceField(label=gettext_lazy("Type"), choices=TYPE_WORDS)
    allowed = forms.CharField(
        label=gettext_lazy("Only these values"),
        max_length=5000,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": gettext_lazy("any; or free, pro, team")}),
    )
    is_required = forms.BooleanField(label=gettext_lazy("required"), required=False)
    may_be_null = forms.BooleanField(label=gettext_lazy("may be null"), required=False)
    description = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = self.cleaned_data
        parts = [part.strip() for part in (data.get("allowed") or "").split(",") if part.strip()]
        kind = data.get("type")
        if parts and kind not in WITH_VALUES:
            self.add_error("allowed", _("Values can be listed for texts and numbers only."))
        data["values"] = ()
        if kind in ("integer", "number"):
            try:
                data["values"] = tuple(_number(part) for part in parts)
            except ValueError as error:
                self.add_error("allowed", _("“%s” is not a number.") % error)
        elif kind == "string":
            data["values"] = tuple(dict.fromkeys(parts))
        return data

    def to_row(self) -> Row:
        """Only after is_valid()."""
        data = self.cleaned_data
        return Row(
            data["name"],
            data["type"],
            data["is_required"],
            data["may_be_null"] and data["type"] != "any",
            data["values"],
            data["description"],
        )


PropertyFormSet = formset_factory(PropertyForm, extra=0, max_num=200, absolute_max=300)


class JsonForm(forms.Form):
    """JSON as it is pasted."""

    json = forms.CharField(
        label=gettext_lazy("JSON"),
        widget=forms.Textarea(attrs={"rows": 24, "class": "pq-code-inline", "spellcheck": "false"}),
        strip=False,
    )
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def clean_json(self) -> Any:
        try:
            return json.loads(self.cleaned_data["json"])
        except (ValueError, RecursionError) as error:
            raise forms.ValidationError(_("This is not JSON: %s.") % error) from error


def _number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        raise ValueError(text) from None
    if number - number != 0:  # an infinity, or none
        raise ValueError(text)
    return number


def stored_properties(table: Rows) -> BaseFormSet:
    return PropertyFormSet(initial=[_initial(row) for row in table.rows], prefix="properties")


def posted_properties(data: Mapping[str, Any]) -> BaseFormSet:
    return PropertyFormSet(as_posted(posted_rows(data, "properties"), "properties"), prefix="properties")


def rearranged_properties(data: Mapping[str, Any], command: str) -> BaseFormSet:
    """The typed rows after "add" or "remove-2", not checked."""
    rows = rearranged(posted_rows(data, "properties"), command, {"type": "string"})
    return PropertyFormSet(initial=rows, prefix="properties")


def posted_event(form: EventForm, properties: BaseFormSet) -> Document:
    """The event that the forms say; only after is_valid()."""
    data = form.cleaned_data
    table = Rows(tuple(each.to_row() for each in properties.forms), is_open=data["is_open"])
    return {name: data[name] for name in ("type", "name", "description")} | {"schema": schema_of(table)}


def repeated_names(properties: BaseFormSet) -> list[str]:
    """Names that were given to two rows: one would replace the other."""
    names = [each.cleaned_data["name"] for each in properties.forms]
    return sorted({name for name in names if names.count(name) > 1})


def _initial(row: Row) -> dict[str, Any]:
    return {
        "name": row.name,
        "type": row.type,
        "is_required": row.is_required,
        "may_be_null": row.may_be_null,
        "allowed": ", ".join(str(value) for value in row.allowed),
        "description": row.description,
    }
