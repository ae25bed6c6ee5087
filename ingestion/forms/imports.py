"""Uploading a file, and saying which of its columns is what."""

from collections.abc import Sequence
from typing import Any, cast
from zoneinfo import available_timezones

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ingestion.connectors.stored_files import too_large
from ingestion.rules.guessing import guess_fields
from ingestion.rules.mapping import HISTORY_TYPES, Plan
from tenants.models import Source

NEW_SOURCE = "File import"
WHOLE = "whole"
KINDS = [
    ("track", gettext_lazy("something that happened (an event)")),
    ("identify", gettext_lazy("a person with traits")),
    ("group", gettext_lazy("a person in an account, with the account's traits")),
]
# Form field -> field of the Segment shape.
COLUMN_FIELDS = {
    "event": "event",
    "user": "userId",
    "anonymous": "anonymousId",
    "account": "groupId",
    "timestamp": "timestamp",
    "message": "messageId",
}


class UploadForm(forms.Form):
    """One file. `was_too_large`: the upload handler dropped it."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        allow_empty_file=True,  # what is empty is said in our own words
        error_messages={"required": gettext_lazy("Choose a file first.")},
        widget=forms.FileInput(
            attrs={"accept": ".csv,.tsv,.txt,.jsonl,.ndjson,.json,.parquet,.gz,.zst", "aria-required": "true"}
        ),
    )

    def __init__(self, *args: Any, was_too_large: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if was_too_large:
            self.fields["file"].error_messages["required"] = too_large()

    @property
    def upload(self) -> UploadedFile:
        return cast(UploadedFile, self.cleaned_data["file"])


def _column(label: Any, help_text: Any = "") -> forms.ChoiceField:
    return forms.ChoiceField(label=label, required=False, help_text=help_text)


class MapForm(forms.Form):
    """Which column is what. `shape` is the file's, as sniffed."""

    source = forms.ChoiceField(
        label=gettext_lazy("Source"),
        help_text=gettext_lazy("Of one source, an event with the same message id counts once."),
    )
    kind = forms.ChoiceField(label=gettext_lazy("Each row is"))
    event = _column(gettext_lazy("Event name"), gettext_lazy("The column that says what happened …"))
    event_name = forms.CharField(
        label=gettext_lazy("… or the same name for every row"),
        required=False,
        max_length=255,
        help_text=gettext_lazy("For example “Signed in”. It is used when no column is chosen."),
    )
    user = _column(gettext_lazy("User id"), gettext_lazy("Your id of the person, the same everywhere."))
    anonymous = _column(gettext_lazy("Anonymous id"), gettext_lazy("Of visitors who are not signed in."))
    account = _column(gettext_lazy("Account"), gettext_lazy("Id of the company or workspace it happened in."))
    timestamp = _column(
        gettext_lazy("Time"),
        gettext_lazy("When it happened. For traits: from when on they hold; without a column, from now on."),
    )
    message = _column(
        gettext_lazy("Message id"),
        gettext_lazy("Optional: an id of the event itself. Without one, its row in this file is its id."),
    )
    time_zone = forms.CharField(
        label=gettext_lazy("Time zone"),
        max_length=64,
        help_text=gettext_lazy("Of times that do not name one. For example Europe/Berlin or UTC."),
    )
    properties = forms.MultipleChoiceField(
        label=gettext_lazy("Keep as properties or traits"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("A column that is mapped above need not be kept again."),
    )

    def __init__(self, *args: Any, shape: dict[str, Any], sources: Sequence[Source], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.shape = shape
        columns = [(name, name) for name in shape["columns"]]
        for name in COLUMN_FIELDS:
            self._choice(name).choices = [("", "–"), *columns]
        self._choice("properties").choices = columns
        whole = [(WHOLE, _("a whole message, as an SDK sends it"))] if shape["is_whole"] else []
        self._choice("kind").choices = [*whole, *KINDS]
        known = [(str(source.pk), source.name) for source in sources]
        new = [] if any(name == NEW_SOURCE for _key, name in known) else [("", _("a new one: “File import”"))]
        self._choice("source").choices = [*new, *known]
        self.fields["source"].required = not new

    def _choice(self, name: str) -> Any:
        return self.fields[name]

    @property
    def columns_of_fields(self) -> list[Any]:
        """The fields that are columns, in the order of the page."""
        return [self[name] for name in ("user", "anonymous", "account", "timestamp", "message", "time_zone")]

    def clean_time_zone(self) -> str:
        zone = str(self.cleaned_data["time_zone"])
        if zone not in available_timezones():
            raise forms.ValidationError(
                _("“%s” is not a time zone. Use a name such as Europe/Berlin or UTC.") % zone
            )
        return zone

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = self.cleaned_data
        kind = data.get("kind")
        if kind in (None, WHOLE):
            return data
        if kind in HISTORY_TYPES and not data.get("timestamp"):
            self.add_error("timestamp", _("Choose the column that says when it happened."))
        if kind == "track" and not (data.get("event") or data.get("event_name")):
            self.add_error(
                "event", _("Choose the column of the event's name, or write one name for all rows.")
            )
        if kind == "group" and not data.get("account"):
            self.add_error("account", _("Choose the column of the account's id."))
        if not (data.get("user") or data.get("anonymous")):
            self.add_error("user", _("Choose the column that says who it was, or one of an anonymous id."))
        return data

    def to_plan(self) -> Plan:
        """Only after is_valid()."""
        data = self.cleaned_data
        if data["kind"] == WHOLE:
            return Plan(None, time_zone=data["time_zone"])
        mapped = {field: data[name] for name, field in COLUMN_FIELDS.items() if data[name]}
        if data["kind"] != "track":
            mapped.pop("event", None)
        constants = {}
        if data["kind"] == "track" and "event" not in mapped:
            constants["event"] = data["event_name"]
        return Plan(
            data["kind"],
            mapped,
            constants,
            tuple(data["properties"]),
            data["time_zone"],
            values_are_text=self.shape["suffix"].startswith(".csv"),
        )


def guessed(shape: dict[str, Any], *, time_zone: str) -> dict[str, Any]:
    """What the form is filled with at first."""
    columns: list[str] = shape["columns"]
    guesses = guess_fields(columns)
    initial = {name: guesses.get(field, "") for name, field in COLUMN_FIELDS.items()}
    kept = [name for name in columns if name not in guesses.values()]
    kind = WHOLE if shape["is_whole"] else "track" if "timestamp" in guesses else "identify"
    return {**initial, "kind": kind, "time_zone": time_zone, "properties": kept}


def as_before(plan: Plan, shape: dict[str, Any]) -> dict[str, Any]:
    """What the form is filled with to map a file as another one was mapped."""
    initial = {name: plan.columns.get(field, "") for name, field in COLUMN_FIELDS.items()}
    used = set(plan.columns.values())
    kept = plan.payload
    if kept is None:
        kept = tuple(name for name in shape["columns"] if name not in used)
    return {
        **initial,
        "kind": plan.type or WHOLE,
        "event_name": plan.constants.get("event", ""),
        "time_zone": plan.time_zone,
        "properties": list(kept),
    }


def fits(plan: Plan, shape: dict[str, Any]) -> bool:
    """Whether the file has every column of the plan. Constants that the form cannot show do not fit."""
    if plan.type is None:
        return bool(shape["is_whole"])
    if plan.type not in dict(KINDS) or set(plan.constants) - {"event"}:
        return False
    return {*plan.columns.values(), *(plan.payload or ())} <= set(shape["columns"])
