"""A version of a definition as plain data: what compiler, naive reference, preview, replay and explain read.

Frozen when a version leaves draft (Version.closure), so nothing it depends on can change under it. Points and
thresholds are integer hundredths. No Django here.
"""

from dataclasses import asdict, dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

# No signal gives more than this (100,000 points) in either direction, and a version has no more signals than that, so
# that a sum always fits an integer column.
POINTS_LIMIT = 10_000_000
SIGNALS_LIMIT = 100


class SignalKind(StrEnum):
    COUNT = "count"
    DISTINCT_DAYS = "distinct_days"
    MILESTONE = "milestone"
    RECENCY = "recency"
    SUM = "sum"
    TRAIT = "trait"


class WindowKind(StrEnum):
    """days: N calendar days in the zone, today included. hours: exactly N hours. ever: no lower bound."""

    DAYS = "days"
    HOURS = "hours"
    EVER = "ever"


class Level(StrEnum):
    PERSON = "person"
    ACCOUNT = "account"


@dataclass(frozen=True)
class SignalSpec:
    """One signal. `at_least` is what its value must reach (count, days, sum; 1 for milestone and recency).

    Value of a signal at a moment, over events that count (exclusion = 0) with window start <= ts < as_of:
    count: number of events; distinct_days: number of local days with an event; milestone and recency: 1 if there is
    any, else 0 (recency is read in its window, milestone ever); sum: sum of the action's number, nulls as 0;
    trait: 1 if the trait's value as of the moment passes the test, else 0. The value as of a moment is the one with the
    latest valid_from < as_of (ties: the greatest message id, then the greatest text); an unknown or removed value
    passes no test, not even "is not". Texts are compared in lower case.
    true when value >= at_least. Points when true: `points` (fixed), or points x whole value (per occurrence), cut at
    `points_cap` in absolute size when there is one (and always at POINTS_LIMIT); else 0.
    """

    key: str
    name: str
    kind: SignalKind
    points: int
    at_least: Decimal = Decimal(1)
    action_version_id: int | None = None
    window: WindowKind = WindowKind.EVER
    window_length: int | None = None
    trait_name: str = ""
    trait_operator: str = ""
    trait_values: tuple[str, ...] = ()
    per_occurrence: bool = False
    points_cap: int | None = None
    is_required: bool = False


@dataclass(frozen=True)
class BandSpec:
    """From `minimum` hundredths up to the next band."""

    name: str
    minimum: int


@dataclass(frozen=True)
class Spec:
    """Everything that decides a score. Bands are sorted by falling minimum."""

    level: Level
    time_zone: str
    enter_threshold: int
    exit_threshold: int
    requalify_after_days: int
    signals: tuple[SignalSpec, ...]
    bands: tuple[BandSpec, ...]

    def to_json(self) -> dict[str, Any]:
        """A JSON-able dict; Decimals as strings."""
        data = asdict(self)
        for signal in data["signals"]:
            signal["at_least"] = str(signal["at_least"])
        return data

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Spec":
        """The inverse of to_json. Raises KeyError, TypeError or ValueError for anything else."""
        signals = tuple(
            SignalSpec(
                **{
                    **signal,
                    "kind": SignalKind(signal["kind"]),
                    "window": WindowKind(signal["window"]),
                    "at_least": Decimal(signal["at_least"]),
                    "trait_values": tuple(signal["trait_values"]),
                }
            )
            for signal in data["signals"]
        )
        bands = tuple(BandSpec(**band) for band in data["bands"])
        return cls(**{**data, "level": Level(data["level"]), "signals": signals, "bands": bands})

    def band_of(self, points: int) -> str:
        """Name of the highest band whose minimum is reached, or ''."""
        return next((band.name for band in self.bands if points >= band.minimum), "")
