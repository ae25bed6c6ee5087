"""Bands of a score (cold, warm, hot): tinted stripes with their names."""

from collections.abc import Sequence
from dataclasses import dataclass

from .checks import Number, finite, optional_finite

_TINTS = 4  # chart-tint-0 to chart-tint-3 in charts.css, from quiet to strong


@dataclass(frozen=True)
class ScoreBand:
    """Scores from ``low`` up to, but not including, ``high``; None is open ended."""

    name: str
    low: Number | None
    high: Number | None

    def __post_init__(self) -> None:
        low = optional_finite(self.low, f"The start of band {self.name!r}")
        high = optional_finite(self.high, f"The end of band {self.name!r}")
        if low is not None and high is not None and low >= high:
            raise ValueError(
                f"Band {self.name!r} ends at {self.high}, which is not above its start {self.low}."
            )

    def within(self, low: float, high: float) -> tuple[float, float]:
        """The part of the band between ``low`` and ``high``; may be empty (end before start)."""
        start = low if self.low is None else max(low, float(self.low))
        end = high if self.high is None else min(high, float(self.high))
        return start, end


def ordered(bands: Sequence[ScoreBand]) -> list[tuple[ScoreBand, str]]:
    """Bands from low to high with the CSS class of each: the highest is always the strongest tint."""
    ranked = sorted(bands, key=lambda band: -float("inf") if band.low is None else float(band.low))
    first = _TINTS - len(ranked)
    return [(band, f"chart-tint-{max(first + index, 0)}") for index, band in enumerate(ranked)]


def edges(bands: Sequence[ScoreBand]) -> list[float]:
    """Every finite border of the bands, for an axis that must show them."""
    ends = (end for band in bands for end in (band.low, band.high))
    return [finite(end, "A band's border") for end in ends if end is not None]
