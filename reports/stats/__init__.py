"""Statistics of the reports, on plain numbers: no Django, no clock."""

from reports.stats.periods import Cohorts, Grain, TooManyCohorts, cut_cohorts
from reports.stats.proportions import LEAST, Proportion
from reports.stats.survival import Curve, Tick, kaplan_meier

__all__ = [
    "LEAST",
    "Cohorts",
    "Curve",
    "Grain",
    "Proportion",
    "Tick",
    "TooManyCohorts",
    "cut_cohorts",
    "kaplan_meier",
]
