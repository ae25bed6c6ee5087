"""Shares with their uncertainty."""

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

LEAST = 20  # below so many finished cases a share says more about chance than about the product
_Z = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True)
class Proportion:
    """`count` of `total`. Whoever shows it asks `is_enough` first."""

    count: int
    total: int

    def __post_init__(self) -> None:
        if not 0 <= self.count <= self.total:
            raise ValueError(f"{self.count} of {self.total} is not a share.")

    @property
    def is_enough(self) -> bool:
        return self.total >= LEAST

    @property
    def share(self) -> float | None:
        """The share, or None below LEAST."""
        return self.count / self.total if self.is_enough else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson's score interval at 95 % (Wilson 1927), or None below LEAST. Never leaves 0 to 1."""
        if not self.is_enough:
            return None
        n, share, z2 = self.total, self.count / self.total, _Z * _Z
        middle = (share + z2 / (2 * n)) / (1 + z2 / n)
        half = _Z / (1 + z2 / n) * sqrt(share * (1 - share) / n + z2 / (4 * n * n))
        return (
            0.0 if self.count == 0 else max(0.0, middle - half),
            1.0 if self.count == n else min(1.0, middle + half),
        )

    def __add__(self, other: "Proportion") -> "Proportion":
        return Proportion(self.count + other.count, self.total + other.total)
