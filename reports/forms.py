"""The filters above every report."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from reports.queries import bands_of, definitions_in_scope
from reports.reports import Question
from reports.stats import Cohorts, Grain, TooManyCohorts, cut_cohorts
from scoring.rules.windows import local_midnight, today_at
from tenants.models import BusinessUnit

PRESETS = {"30d": 30, "90d": 90, "180d": 180, "365d": 365}
CUSTOM = "custom"
WINDOWS = (7, 14, 30, 60, 90)
DEFAULTS = {"period": "90d", "grain": Grain.WEEK.value, "window": "14"}


class FilterForm(forms.Form):
    """Reads the query string. What is missing has a default; what is wrong says so and is never replaced.

    visible, units: the definitions (over business_unit__path) and business units that whoever asks may see.
    about_one: the report is about a single definition; the first one where none is chosen. asked: the query string of
    what was chosen here, for links to other reports.
    """

    unit: forms.ModelChoiceField = forms.ModelChoiceField(
        None, label=_("Business unit"), required=False, empty_label=_("All units")
    )
    definition: forms.ModelChoiceField = forms.ModelChoiceField(
        None, label=_("Definition"), required=False, empty_label=_("All definitions")
    )
    band = forms.ChoiceField(label=_("Band"), required=False)
    period = forms.ChoiceField(
        label=_("Period"),
        choices=[
            ("30d", _("Last 30 days")),
            ("90d", _("Last 90 days")),
            ("180d", _("Last 180 days")),
            ("365d", _("Last 365 days")),
            (CUSTOM, _("From … to …")),
        ],
    )
    first = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    last = forms.DateField(
        label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    grain = forms.ChoiceField(
        label=_("Cohorts"),
        choices=[(Grain.DAY, _("Days")), (Grain.WEEK, _("Weeks")), (Grain.MONTH, _("Months"))],
    )
    window = forms.TypedChoiceField(
        label=_("PQL within"), choices=[(str(days), _("%s days") % days) for days in WINDOWS], coerce=int
    )

    def __init__(
        self,
        data: Mapping[str, Any],
        *,
        visible: Q,
        units: QuerySet[BusinessUnit],
        sees_held_out: bool,
        zone: ZoneInfo,
        now: datetime,
        unit: BusinessUnit | None = None,
        about_one: bool = False,
    ) -> None:
        given = {key: data.get(key) for key in self.base_fields if data.get(key)}
        if unit is not None and "unit" not in data:
            given["unit"] = str(unit.pk)
        self.asked = urlencode({key: data[key] for key in self.base_fields if key in data})
        super().__init__(DEFAULTS | given, auto_id="report-%s", label_suffix="")
        self.sees_held_out, self.zone, self.now = sees_held_out, zone, now
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]
        self.scope = list(definitions_in_scope(visible, self._unit_path(units, given.get("unit"))))
        if about_one and self.scope:
            self.fields["definition"].empty_label = None  # type: ignore[attr-defined]
            self.data = {"definition": str(self.scope[0].pk)} | dict(self.data)
        definitions = definitions_in_scope(visible).filter(pk__in=[row.pk for row in self.scope])
        self.fields["definition"].queryset = definitions  # type: ignore[attr-defined]
        bands = bands_of([row.pk for row in self.scope])
        self.fields["band"].choices = [("", _("All bands")), *((name, name) for name in bands)]  # type: ignore[attr-defined]

    def _unit_path(self, units: Any, key: Any) -> str:
        """Only what the user may see narrows the scope; anything else is the field's own error."""
        try:
            found = units.filter(pk=key).first() if key else None
        except (ValueError, forms.ValidationError):
            found = None
        return found.path if found else ""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        first, last = self._days(cleaned)
        if first is None or last is None:
            self.add_error("first" if first is None else "last", _("Choose a day."))
        elif last < first:
            self.add_error("last", _("The period ends before it starts."))
        else:
            cleaned["cohorts"] = self._cut(first, last, Grain(cleaned["grain"]))
        return cleaned

    def _days(self, cleaned: dict[str, Any]) -> tuple[date | None, date | None]:
        if cleaned["period"] == CUSTOM:
            return cleaned.get("first"), cleaned.get("last")
        today = today_at(self.now, self.zone)
        return today - timedelta(days=PRESETS[cleaned["period"]] - 1), today

    def _cut(self, first: date, last: date, grain: Grain) -> Cohorts | None:
        try:
            return cut_cohorts(first, last, grain, midnight=partial(local_midnight, zone=self.zone))
        except TooManyCohorts:
            self.add_error(
                "grain", _("Too many for one report: choose weeks or months, or a shorter period.")
            )
        except OverflowError:
            self.add_error("first", _("Choose a day of this century."))
        return None

    def question(self) -> Question:
        """The checked filters. Only after is_valid()."""
        cleaned = self.cleaned_data
        chosen = cleaned.get("definition")
        return Question(
            definitions=tuple(self.scope),
            definition=next((row for row in self.scope if chosen and row.pk == chosen.pk), None),
            band=cleaned.get("band", ""),
            cohorts=cleaned["cohorts"],
            window_days=cleaned["window"],
            zone=self.zone,
            sees_held_out=self.sees_held_out,
            now=self.now,
            filters=self._filters(),
        )

    def _filters(self) -> tuple[tuple[str, str], ...]:
        """The query string of links between reports: an empty unit stays, because it overrides the console's."""
        values = {name: str(self.data.get(name) or "") for name in self.fields}
        if values["period"] != CUSTOM:
            values["first"] = values["last"] = ""
        return tuple((name, value) for name, value in values.items() if value or name == "unit")


class RowsForm(forms.Form):
    """Which rows of a report: what is counted, and the first day of the cohort (empty: all of the period)."""

    part = forms.ChoiceField()
    cohort = forms.DateField(required=False)

    def __init__(self, data: Mapping[str, Any], *, parts: Mapping[str, Any], cohorts: Cohorts) -> None:
        super().__init__({key: data.get(key) for key in ("part", "cohort")})
        self.fields["part"].choices = list(parts.items())  # type: ignore[attr-defined]
        self.cohorts = cohorts

    def clean_cohort(self) -> int | None:
        """The cohort's place, from 0."""
        day = self.cleaned_data["cohort"]
        if day is None:
            return None
        if day not in self.cohorts.first_days:
            raise forms.ValidationError(_("No cohort of this report begins on that day."))
        return self.cohorts.first_days.index(day)
