"""The forms of one draft: its facts, thresholds, signals and bands. What they mean is judged by
scoring.rules.validation, whose findings come back to the fields they are about."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.forms import BaseFormSet, formset_factory
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ingestion.models import Limit
from scoring.forms.fields import PointsField
from scoring.models import Band, Definition, Motion, Signal, Version
from scoring.queries.choices import ActionChoices
from scoring.rules.spec import BUILT_IN, OWN_IDS, SIGNALS_LIMIT
from scoring.rules.validation import LIST_TESTS, Problem

COUNTED = (Signal.Kind.COUNT, Signal.Kind.DISTINCT_DAYS, Signal.Kind.SUM, Signal.Kind.MAX)
WINDOWED = (*COUNTED, Signal.Kind.RECENCY)
WINDOW_UNITS = [
    (Signal.Window.DAYS, gettext_lazy("days")),
    (Signal.Window.HOURS, gettext_lazy("hours")),
    (Signal.Window.EVER, gettext_lazy("all time")),
]
NEW_SIGNAL = {
    "kind": Signal.Kind.COUNT,
    "window": Signal.Window.DAYS,
    "window_length": 7,
    "at_least": 1,
    "points": 1000,
    "points_mode": Signal.PointsMode.FIXED,
}

# Ready-made signals over a limit: how the reason reads, from how many percent on, only where it blocks.
READY_LIMITS = {
    "near": (gettext_lazy("Near the limit: %(limit)s"), 80, False),
    "reached": (gettext_lazy("Limit reached: %(limit)s"), 100, False),
    "blocked": (gettext_lazy("Blocked by the limit: %(limit)s"), 100, True),
}


def limit_signal(limit: Limit, what: str) -> dict[str, Any]:
    """The fields of a ready-made signal, a key of READY_LIMITS, over a limit."""
    reason, percent, only_hard = READY_LIMITS[what]
    return {
        **NEW_SIGNAL,
        "kind": Signal.Kind.USAGE,
        "name": reason % {"limit": limit.name},
        "limit": str(limit.pk),
        "at_least": percent,
        "only_hard": only_hard,
    }


class FactsForm(forms.ModelForm):
    """What the definition is called and for."""

    # Declared and not taken from the model: a tenant's rows cannot be asked for while classes are being made.
    motion = forms.ModelChoiceField(label=gettext_lazy("Motion"), queryset=None, empty_label=None)

    class Meta:
        model = Definition
        fields = ["name", "description"]
        widgets = {"description": forms.Textarea(attrs={"rows": 2})}

    field_order = ["name", "motion", "description"]

    def __init__(self, *args: Any, motions: QuerySet[Motion], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["motion"].queryset = motions  # type: ignore[attr-defined]
        self.initial.setdefault("motion", self.instance.motion_id)

    def clean(self) -> dict[str, Any]:
        if "motion" in self.cleaned_data:
            self.instance.motion = self.cleaned_data["motion"]
        return self.cleaned_data


class ThresholdForm(forms.Form):
    """From how many points on somebody is a PQL, and until when."""

    enter_threshold = PointsField(label=gettext_lazy("Becomes a PQL at"), initial=5000)
    exit_threshold = PointsField(
        label=gettext_lazy("Stays one down to"),
        initial=5000,
        help_text=gettext_lazy("Lower than the entry, so that nobody flickers in and out."),
    )
    requalify_after_days = forms.IntegerField(
        label=gettext_lazy("Can qualify again after (days)"),
        initial=30,
        min_value=0,
        help_text=gettext_lazy("Counted from the day it stopped being a PQL."),
    )


class SignalForm(forms.Form):
    """One signal. Fields that its kind does not use may hold anything: they are hidden and left out."""

    name = forms.CharField(label=gettext_lazy("Reason"), max_length=120)
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=Signal.Kind.choices)
    action = forms.CharField(label=gettext_lazy("Action"), max_length=200, required=False)
    window = forms.ChoiceField(
        label=gettext_lazy("Unit"), choices=WINDOW_UNITS, required=False, initial=Signal.Window.DAYS
    )
    window_length = forms.IntegerField(label=gettext_lazy("In the last"), required=False)
    at_least = forms.DecimalField(
        label=gettext_lazy("At least"), max_digits=20, decimal_places=4, required=False
    )
    at_most = forms.DecimalField(
        label=gettext_lazy("True up to"), max_digits=20, decimal_places=4, required=False
    )
    rule_mode = forms.ChoiceField(
        label=gettext_lazy("Is true if"), choices=Signal.RuleMode.choices, required=False
    )
    rule_members = forms.CharField(
        label=gettext_lazy("Of these signals"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Their reasons as they stand on this page, each on a line of its own."),
    )
    trait_name = forms.CharField(label=gettext_lazy("Trait"), max_length=200, required=False)
    trait_operator = forms.ChoiceField(
        label=gettext_lazy("Test"), choices=Signal.TraitOperator.choices, required=False
    )
    trait_value = forms.CharField(
        label=gettext_lazy("Value"),
        max_length=500,
        required=False,
        help_text=gettext_lazy("Several values: separate by commas."),
    )
    list = forms.ChoiceField(
        label=gettext_lazy("List"),
        required=False,
        help_text=gettext_lazy("A list of ids is asked for the subject's own id, whatever the trait."),
    )
    limit = forms.ChoiceField(label=gettext_lazy("Limit"), required=False)
    only_hard = forms.BooleanField(label=gettext_lazy("Only where it blocks"), required=False)
    points = PointsField(label=gettext_lazy("Points"))
    points_mode = forms.ChoiceField(
        label=gettext_lazy("Given"), choices=Signal.PointsMode.choices, required=False
    )
    points_cap = PointsField(label=gettext_lazy("At most"), required=False)
    is_required = forms.BooleanField(label=gettext_lazy("Required"), required=False)
    is_excluding = forms.BooleanField(label=gettext_lazy("Excludes"), required=False)

    def __init__(self, *args: Any, choices: ActionChoices, **kwargs: Any) -> None:
        self.choices = choices
        super().__init__(*args, **kwargs)
        self.unknown_action = ""
        self.event_to_count = ""
        self.suggestions: list[str] = []
        self.fields["list"].choices = choices.list_options()  # type: ignore[attr-defined]
        self.fields["limit"].choices = choices.limit_options()  # type: ignore[attr-defined]
        self.fields["action"].widget.attrs |= {"list": "known-actions", "placeholder": _("Type to search")}
        self.fields["trait_name"].widget.attrs |= {"list": "known-traits", "placeholder": "plan"}

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = self.cleaned_data
        kind = data.get("kind")
        data["rule_members"] = _lines(data.get("rule_members") or "") if kind == Signal.Kind.RULE else []
        if kind not in COUNTED:
            self._forget("at_most")
        if kind == Signal.Kind.RULE:
            self._clean_rule(data)
            return data
        self._forget("rule_mode")
        if kind == Signal.Kind.TRAIT:
            self._forget("action", "window", "window_length", "at_least", "points_mode", "limit", "only_hard")
            self._clean_list(data)
            return data
        self._forget("trait_name", "trait_operator", "trait_value", "list")
        if kind == Signal.Kind.USAGE:
            self._forget("action", "window", "window_length", "points_mode")
            if data.get("at_least") is None and "at_least" not in self.errors:
                self.add_error("at_least", _("Say from how many percent on, for example 80."))
            return data
        self._forget("limit", "only_hard")
        data["action"] = self._found_action(data.get("action") or "")
        if kind not in COUNTED:
            self._forget("at_least")
        elif data.get("at_least") is None and "at_least" not in self.errors:
            self.add_error("at_least", _("Say from how much on it counts, for example 1."))
        if kind not in WINDOWED or data.get("window") == Signal.Window.EVER:
            self._forget("window_length")
        return data

    def _clean_rule(self, data: dict[str, Any]) -> None:
        self._forget("action", "window", "window_length", "points_mode", "limit", "only_hard")
        self._forget("trait_name", "trait_operator", "trait_value", "list")
        if data.get("rule_mode") != Signal.RuleMode.AT_LEAST:
            self._forget("at_least")
        elif data.get("at_least") is None and "at_least" not in self.errors:
            self.add_error("at_least", _("Say how many of them, for example 2."))

    def _clean_list(self, data: dict[str, Any]) -> None:
        if data.get("trait_operator") not in LIST_TESTS:
            self._forget("list")
            return
        self._forget("trait_value")
        found = self.choices.find_list(data.get("list") or "")
        if found is not None and found.kind in OWN_IDS:
            self._forget("trait_name")

    def _found_action(self, name: str) -> Any:
        if not name.strip():
            self.add_error("action", _("Choose the action to look at."))
            return None
        action = self.choices.find(name)
        if action is None:
            self.unknown_action = name.strip()
            self.event_to_count = self.unknown_action if self.choices.event(name) else ""
            self.suggestions = [] if self.event_to_count else self.choices.close_to(name)
            self.add_error("action", self.choices.not_found(name))
        return action

    def _forget(self, *fields: str) -> None:
        """What the kind does not use is neither wrong nor kept."""
        for field in fields:
            self.errors.pop(field, None)
            self.cleaned_data[field] = None

    @property
    def has_extras(self) -> bool:
        """Whether anything differs from points given once, without bounds, that let everybody qualify."""
        names = ("points_mode", "points_cap", "at_most", "is_required", "is_excluding")
        mode, cap, most, *gates = (self[name].value() for name in names)
        has_bounds = cap not in (None, "") or most not in (None, "")
        is_plain = mode in (None, "", Signal.PointsMode.FIXED) and not has_bounds and not any(gates)
        return not is_plain or bool(
            self.errors.keys() & {"points_mode", "points_cap", "at_most", "is_excluding"}
        )

    def to_row(self, position: int) -> Signal:
        """An unsaved row; only after is_valid()."""
        data = self.cleaned_data
        is_trait = data["kind"] in (Signal.Kind.TRAIT, Signal.Kind.USAGE, Signal.Kind.RULE)
        is_milestone = data["kind"] == Signal.Kind.MILESTONE
        ref = data["list"] or ""
        return Signal(
            position=position,
            name=data["name"],
            kind=data["kind"],
            action=data["action"],
            window=Signal.Window.EVER if is_trait or is_milestone else data["window"] or Signal.Window.DAYS,
            window_length=data["window_length"],
            at_least=data["at_least"],
            at_most=data["at_most"],
            rule_mode=data["rule_mode"] or "",
            rule_members=data["rule_members"],
            trait_name=data["trait_name"] or "",
            trait_operator=data["trait_operator"] or "",
            trait_value=data["trait_value"] or "",
            list=self.choices.find_list(ref),
            limit=self.choices.find_limit(data["limit"] or ""),
            only_hard=bool(data["only_hard"]),
            builtin_list=ref.removeprefix(BUILT_IN) if ref.startswith(BUILT_IN) else "",
            points=data["points"],
            points_mode=data["points_mode"] or Signal.PointsMode.FIXED,
            points_cap=data["points_cap"],
            is_required=data["is_required"],
            is_excluding=data["is_excluding"],
        )


def _lines(text: str) -> list[str]:
    return list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))


class BandForm(forms.Form):
    """A name for a range of points."""

    name = forms.CharField(label=gettext_lazy("Band"), max_length=40)
    minimum = PointsField(label=gettext_lazy("From"))

    def to_row(self) -> Band:
        return Band(name=self.cleaned_data["name"], minimum=self.cleaned_data["minimum"])


def _formset(form: type[forms.Form]) -> type[BaseFormSet]:
    return formset_factory(form, extra=0, max_num=SIGNALS_LIMIT, absolute_max=SIGNALS_LIMIT + 20)


SignalFormSet = _formset(SignalForm)
BandFormSet = _formset(BandForm)


def signal_initial(signal: Signal) -> dict[str, Any]:
    """A stored row as the form shows it."""
    initial = {
        name: getattr(signal, name)
        for name in SignalForm.base_fields
        if name not in ("action", "list", "limit")
    }
    for name in ("at_least", "at_most"):
        amount = getattr(signal, name)
        initial[name] = None if amount is None else f"{amount.normalize():f}"
    initial["rule_members"] = "\n".join(signal.rule_members)
    initial["list"] = signal.list_ref
    initial["limit"] = str(signal.limit_id or "")
    initial["action"] = signal.action.name if signal.action else ""
    return initial


def problems_to_forms(
    problems: Sequence[Problem],
    *,
    thresholds: ThresholdForm,
    signals: BaseFormSet,
    bands: BaseFormSet,
) -> list[str]:
    """Put each problem at its field. Returns the messages that belong to no field: about all signals, all bands or the
    version."""
    general = []
    for problem in problems:
        part, _dot, rest = problem.field.partition(".")
        place, _dot, field = rest.partition(".")
        rows = {"signals": signals, "bands": bands}.get(part)
        if rows is not None and place.isdigit() and int(place) < len(rows.forms):
            form = rows.forms[int(place)]
        else:
            form, field = thresholds, part
        if field in form.fields:
            form.add_error(field, problem.message)
        else:
            general.append(problem.message)
    return general


def draft_defaults(version: Version) -> dict[str, Any]:
    """Thresholds of a stored draft as the form shows them."""
    return {name: getattr(version, name) for name in ThresholdForm.base_fields}
