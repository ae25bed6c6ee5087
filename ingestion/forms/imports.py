"""Uploading a file, and saying which of its columns is what."""

from collections.abc import Sequence
from typing import Any, cast
from zoneinfo import available_timezones

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ingestion.connectors.stored_files import too_large
from ingestion.rules.file_types import ACCOUNT, DEAL, FILE_TYPES, LEAD
from ingestion.rules.guessing import guess_fields, guess_more, guess_type
from ingestion.rules.mapping import HISTORY_TYPES, Plan
from ingestion.rules.money import currency_code
from tenants.models import Source

NEW_SOURCE = "File import"
WHOLE = "whole"
KINDS = [
    ("track", gettext_lazy("something that happened (an event)")),
    ("identify", gettext_lazy("a person with traits")),
    ("group", gettext_lazy("a person in an account, with the account's traits")),
    (ACCOUNT, gettext_lazy("an account with traits, without a person")),
    (LEAD, gettext_lazy("a marketing lead (MQL)")),
    (DEAL, gettext_lazy("an opportunity of the CRM, with its stage")),
]
ORIGINS = [
    ("product", gettext_lazy("our product")),
    ("crm", gettext_lazy("the CRM")),
    ("enrichment", gettext_lazy("a data vendor")),
    ("import", gettext_lazy("another file")),
]
# Which fields of the form a kind of row has; a message's kinds have none of the others'.
_WHEN = ("timestamp", "message", "time_zone")
FIELDS_OF = {
    WHOLE: ("time_zone",),
    "track": ("event", "event_name", "user", "anonymous", "account", *_WHEN),
    "identify": ("user", "anonymous", "email", "account", *_WHEN, "origin"),
    "group": ("user", "anonymous", "account", *_WHEN),
    ACCOUNT: ("account", "domain", *_WHEN, "origin"),
    LEAD: ("user", "email", "account", "lead_source", "outcome", *_WHEN),
    DEAL: (
        "account",
        "domain",
        "user",
        "email",
        "deal",
        "stage",
        "amount",
        "currency",
        "currency_code",
        *_WHEN,
    ),
}
# Form field -> field of the Segment shape.
COLUMN_FIELDS = {
    "event": "event",
    "user": "userId",
    "anonymous": "anonymousId",
    "account": "groupId",
    "timestamp": "timestamp",
    "message": "messageId",
    "email": "email",
    "domain": "domain",
    "lead_source": "source",
    "outcome": "outcome",
    "deal": "deal",
    "stage": "stage",
    "amount": "amount",
    "currency": "currency",
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

    kind = forms.ChoiceField(
        label=gettext_lazy("What is a row?"),
        required=False,
        choices=[("", gettext_lazy("find out from its columns")), *KINDS],
    )

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
    email = _column(gettext_lazy("E-mail"), gettext_lazy("Finds the person where there is no user id."))
    domain = _column(gettext_lazy("Domain"), gettext_lazy("Finds the account where there is no account id."))
    lead_source = _column(gettext_lazy("Came from"), gettext_lazy("Campaign, channel or source of the lead."))
    outcome = _column(gettext_lazy("Outcome"), gettext_lazy("What came of it, if the file says so."))
    deal = _column(
        gettext_lazy("Id of the opportunity"),
        gettext_lazy("So that the next export adds only what has reached a new stage."),
    )
    stage = _column(gettext_lazy("Stage"), gettext_lazy("For example proposal, won or lost."))
    amount = _column(gettext_lazy("Amount"))
    currency = _column(gettext_lazy("Currency"), gettext_lazy("A column of EUR, USD, …"))
    currency_code = forms.CharField(
        label=gettext_lazy("… or one currency for every row"), required=False, max_length=3
    )
    origin = forms.ChoiceField(
        label=gettext_lazy("The traits come from"),
        required=False,
        choices=ORIGINS,
        help_text=gettext_lazy("Decides whose value holds where several know a trait."),
    )
    time_zone = forms.CharField(
        label=gettext_lazy("Time zone"),
        max_length=64,
        help_text=gettext_lazy("Of times that do not name one. For example Europe/Berlin or UTC."),
    )
    opens_pqls = forms.BooleanField(
        label=gettext_lazy("It may open PQLs"),
        required=False,
        help_text=gettext_lazy(
            "Leave this off for the past: it counts in scores, and who qualifies by it alone waits for you to route it."
        ),
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
        self.fields["kind"].widget.attrs |= {
            "hx-get": "?", "hx-target": "#columns", "hx-select": "#columns", "hx-swap": "outerHTML",
        }  # fmt: skip
        known = [(str(source.pk), source.name) for source in sources]
        new = [] if any(name == NEW_SOURCE for _key, name in known) else [("", _("a new one: “File import”"))]
        self._choice("source").choices = [*new, *known]
        self.fields["source"].required = not new

    def _choice(self, name: str) -> Any:
        return self.fields[name]

    @property
    def columns_of_fields(self) -> list[Any]:
        """The fields of the chosen kind that are columns or go with them, in the order of the page."""
        return [self[name] for name in FIELDS_OF[self.shown_kind]]

    @property
    def shown_kind(self) -> str:
        """The kind whose fields are shown: as posted, else as filled in at first."""
        value = self["kind"].value()
        return value if value in FIELDS_OF else "track"

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
        for name in COLUMN_FIELDS:  # what was chosen for another kind before
            if name not in FIELDS_OF[kind]:
                data[name] = ""
        if kind in HISTORY_TYPES and not data.get("timestamp"):
            self.add_error("timestamp", _("Choose the column that says when it happened."))
        if kind == "track" and not (data.get("event") or data.get("event_name")):
            self.add_error(
                "event", _("Choose the column of the event's name, or write one name for all rows.")
            )
        if kind == "group" and not data.get("account"):
            self.add_error("account", _("Choose the column of the account's id."))
        if kind == DEAL and not data.get("stage"):
            self.add_error("stage", _("Choose the column that says which stage was reached."))
        self._check_who(kind, data)
        return data

    def clean_currency_code(self) -> str:
        code = str(self.cleaned_data["currency_code"])
        if code and not currency_code(code):
            raise forms.ValidationError(_("“%s” is no currency. Write EUR, USD, …") % code)
        return currency_code(code)

    def _check_who(self, kind: str, data: dict[str, Any]) -> None:
        who = ("user", "anonymous", "email", *(("account", "domain") if kind in (ACCOUNT, DEAL) else ()))
        about = [name for name in who if name in FIELDS_OF[kind]]
        if any(data.get(name) for name in about):
            return
        if kind in (ACCOUNT, DEAL):
            self.add_error("account", _("Choose the column of the account's id, or the one of its domain."))
        elif "email" in about:
            self.add_error("user", _("Choose the column of the user id, or the one of the e-mail."))
        else:
            self.add_error("user", _("Choose the column that says who it was, or one of an anonymous id."))

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
        if data["kind"] == DEAL and data["currency_code"] and "currency" not in mapped:
            constants["currency"] = data["currency_code"]
        return Plan(
            data["kind"],
            mapped,
            constants,
            tuple(data["properties"]),
            data["time_zone"],
            values_are_text=self.shape["suffix"].startswith(".csv"),
            origin=(data["origin"] or "product") if "origin" in FIELDS_OF[data["kind"]] else "product",
        )


def guessed(shape: dict[str, Any], *, time_zone: str, kind: str = "") -> dict[str, Any]:
    """What the form is filled with at first, or for rows of this kind."""
    columns: list[str] = shape["columns"]
    kind = kind or shape.get("kind") or (WHOLE if shape["is_whole"] else guess_type(columns))
    guesses = guess_fields(columns)
    if kind in ("identify", *FILE_TYPES):
        more = guess_more(columns)
        guesses = more | guesses
        if kind != "identify" and guesses.get("userId") == more.get("email"):
            guesses.pop("userId", None)
    shown = {name: COLUMN_FIELDS[name] for name in FIELDS_OF[kind] if name in COLUMN_FIELDS}
    initial = {name: guesses.get(field, "") for name, field in shown.items()}
    kept = [name for name in columns if name not in initial.values()]
    origin = {ACCOUNT: "crm"}.get(kind, "product")
    return {**initial, "kind": kind, "time_zone": time_zone, "properties": kept, "origin": origin}


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
        "currency_code": plan.constants.get("currency", ""),
        "origin": plan.origin,
        "time_zone": plan.time_zone,
        "properties": list(kept),
    }


def fits(plan: Plan, shape: dict[str, Any]) -> bool:
    """Whether the file has every column of the plan. Constants that the form cannot show do not fit."""
    if plan.type is None:
        return bool(shape["is_whole"])
    if plan.type not in dict(KINDS) or set(plan.constants) - {"event", "currency"}:
        return False
    return {*plan.columns.values(), *(plan.payload or ())} <= set(shape["columns"])
