"""What was asked: the filters of a report, checked."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from reports.queries import Arrivals, Followed, Lens, arrivals_of, followed_pqls, look_at
from reports.stats import Cohorts, Grain
from scoring.models import Definition, Level


@dataclass(frozen=True)
class Question:
    """The definitions in scope and the one that was chosen, band, cohorts, and through whose eyes.

    filters: the query string that asks the same again.
    """

    definitions: tuple[Definition, ...]
    definition: Definition | None
    band: str
    cohorts: Cohorts
    window_days: int
    zone: ZoneInfo
    sees_held_out: bool
    now: datetime
    filters: tuple[tuple[str, str], ...]

    @property
    def window(self) -> timedelta:
        return timedelta(days=self.window_days)

    @property
    def query(self) -> str:
        return urlencode(self.filters)

    def lens(self) -> Lens:
        """The chosen definition; the first one where none was chosen. 2 queries. Raises
        ValueError without any."""
        definition = self.definition or next(iter(self.definitions), None)
        if definition is None:
            raise ValueError("There is no definition to look at.")
        return look_at(definition, sees_held_out=self.sees_held_out, band=self.band, now=self.now)

    def arrivals(self, lens: Lens) -> Arrivals:
        """Who signed up in the period and how far they came. 1 query."""
        return arrivals_of(lens, edges=self.cohorts.edges, window=self.window)

    def followed(self, *, closely: Definition | None, by_arm: bool = False) -> list[Followed]:
        """What became of the first PQLs of the period: of all definitions in scope, one of them looked at closely.
        1 query."""
        return followed_pqls(
            self.definitions,
            closely=closely,
            by_arm=by_arm,
            edges=self.cohorts.edges,
            sees_held_out=self.sees_held_out,
            now=self.now,
        )

    def cohort_name(self, index: int) -> str:
        """ "3 Mar 2026", "Week of 2 Mar 2026" or "March 2026"."""
        day = self.cohorts.first_days[index]
        if self.cohorts.grain == Grain.MONTH:
            return date_format(day, "F Y")
        name = date_format(day, "j M Y")
        return _("Week of %(day)s") % {"day": name} if self.cohorts.grain == Grain.WEEK else name

    def is_running(self, index: int) -> bool:
        """Whether this cohort can still get new members."""
        return self.cohorts.edges[index + 1] > self.now

    def rows_url(self, part: str, cohort: int | None = None, **more: str) -> str:
        """Where the rows behind a number are: of one cohort (from 0), or of all."""
        values = dict(self.filters) | {"part": part} | more
        if cohort is not None:
            values["cohort"] = self.cohorts.first_days[cohort].isoformat()
        return f"{reverse('admin:reports_rows')}?{urlencode(values)}"

    def report_url(self, name: str) -> str:
        return f"{reverse(f'admin:reports_{name}')}?{self.query}"


def subjects(definition: Definition) -> str:
    """What a definition is about, in words, for use inside a sentence."""
    return _("accounts") if definition.level == Level.ACCOUNT else _("persons")


def sign_up_words(definition: Definition) -> str:
    """What counts as a sign-up for this definition's motion."""
    start = definition.motion.start_action
    if start is not None:
        return _("the first “%(action)s”") % {"action": start.name}
    if definition.level == Level.PERSON:
        return _("the first event we received from an identified person")
    return _("the first event we received from an account")
