"""All forms of the editor page as one: stored, posted, or posted and rearranged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import BaseFormSet

from ingestion.forms.rows import as_posted, posted_rows, rearranged
from scoring.forms.draft import (
    NEW_SIGNAL,
    READY_LIMITS,
    BandFormSet,
    FactsForm,
    SignalFormSet,
    ThresholdForm,
    draft_defaults,
    limit_signal,
    problems_to_forms,
    signal_initial,
)
from scoring.models import Band, Motion, Signal, Version
from scoring.queries.choices import ActionChoices
from scoring.rules.validation import Problem

FIRST_BANDS = (("hot", 8000), ("warm", 5000), ("cold", 0))


@dataclass
class DraftForms:
    """The forms of one draft. `general`: messages that belong to no single field."""

    facts: FactsForm
    thresholds: ThresholdForm
    signals: BaseFormSet
    bands: BaseFormSet
    general: list[str] = field(default_factory=list)

    def is_valid(self) -> bool:
        return all([part.is_valid() for part in (self.facts, self.thresholds, self.signals, self.bands)])

    def signal_rows(self) -> list[Signal]:
        return [form.to_row(place) for place, form in enumerate(self.signals.forms)]

    def band_rows(self) -> list[Band]:
        return [form.to_row() for form in self.bands.forms]

    def apply_thresholds(self, version: Version) -> Version:
        """The draft with the typed thresholds, not saved."""
        for name, value in self.thresholds.cleaned_data.items():
            setattr(version, name, value)
        return version

    def refuse(self, problems: Sequence[Problem]) -> None:
        self.general = problems_to_forms(
            problems, thresholds=self.thresholds, signals=self.signals, bands=self.bands
        )

    def refuse_facts(self, error: ValidationError) -> None:
        self.facts.add_error(None, error)

    def mistakes(self) -> list[tuple[str, str]]:
        """Everything wrong, as (where, message) in the order of the page."""
        found = [("", message) for message in self.general]
        for form in (self.facts, self.thresholds):
            found += _form_mistakes(form, "")
        for rows, fallback in ((self.signals, "#"), (self.bands, "#")):
            for place, form in enumerate(rows.forms, start=1):
                name = form["name"].value() or f"{fallback}{place}"
                found += _form_mistakes(form, str(name))
        return found


def stored_draft(version: Version, *, choices: ActionChoices, motions: QuerySet[Motion]) -> DraftForms:
    """The draft as it is in the database; an empty one starts with bands and without signals."""
    signals = Signal.objects.filter(version=version).select_related("action").order_by("position", "id")
    bands = [(band.name, band.minimum) for band in Band.objects.filter(version=version).order_by("-minimum")]
    return DraftForms(
        facts=FactsForm(instance=version.definition, motions=motions),
        thresholds=ThresholdForm(initial=draft_defaults(version)),
        signals=_signal_forms([signal_initial(row) for row in signals], choices),
        bands=_band_forms([{"name": name, "minimum": minimum} for name, minimum in bands or FIRST_BANDS]),
    )


def posted_draft(
    data: Mapping[str, Any], version: Version, *, choices: ActionChoices, motions: QuerySet[Motion]
) -> DraftForms:
    """What was typed, to be checked."""
    signals = as_posted(posted_rows(data, "signals"), "signals")
    bands = as_posted(posted_rows(data, "bands"), "bands")
    return DraftForms(
        facts=FactsForm(data, instance=version.definition, motions=motions),
        thresholds=ThresholdForm(data),
        signals=SignalFormSet(signals, prefix="signals", form_kwargs={"choices": choices}),
        bands=BandFormSet(bands, prefix="bands"),
    )


def rearranged_draft(
    data: Mapping[str, Any],
    version: Version,
    command: str,
    *,
    choices: ActionChoices,
    motions: QuerySet[Motion],
    name: str = "",
) -> DraftForms:
    """What was typed after a command such as "signals-add", "signals-remove-2", "bands-up-1", "action-0" (put the
    action `name` into the first signal) or "limit-near" (add a ready-made signal over the limit with the key `name`),
    not checked: nobody wants errors about a row they are about to fill in."""
    part, _dash, verb = command.partition("-")
    signals, bands = posted_rows(data, "signals"), posted_rows(data, "bands")
    if part == "signals":
        signals = rearranged(signals, verb, NEW_SIGNAL)
    elif part == "bands":
        bands = rearranged(bands, verb, {})
    elif part == "action" and verb.isdigit() and int(verb) < len(signals):
        signals[int(verb)]["action"] = name
    elif part == "limit" and verb in READY_LIMITS and (limit := choices.find_limit(name)) is not None:
        signals.append(limit_signal(limit, verb))
    return DraftForms(
        facts=FactsForm(instance=version.definition, initial=_typed(data, FactsForm), motions=motions),
        thresholds=ThresholdForm(initial=_typed(data, ThresholdForm)),
        signals=_signal_forms(signals, choices),
        bands=_band_forms(bands),
    )


def _typed(data: Mapping[str, Any], form: type) -> dict[str, Any]:
    return {name: data[name] for name in form.base_fields if name in data}


def _signal_forms(rows: list[dict[str, Any]], choices: ActionChoices) -> BaseFormSet:
    return SignalFormSet(initial=rows, prefix="signals", form_kwargs={"choices": choices})


def _band_forms(rows: list[dict[str, Any]]) -> BaseFormSet:
    return BandFormSet(initial=rows, prefix="bands")


def _form_mistakes(form: Any, where: str) -> list[tuple[str, str]]:
    found = []
    for name, messages in form.errors.items():
        label = str(form.fields[name].label) if name in form.fields else ""
        place = ": ".join(part for part in (where, label) if part)
        found += [(place, str(message)) for message in messages]
    return found
