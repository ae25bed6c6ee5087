"""Statistics of experiments, on plain numbers. Pure."""

from math import ceil, sqrt
from statistics import NormalDist


def leads_needed(
    *, base_rate: float, relative_lift: float, holdout_share: float, alpha: float = 0.05, power: float = 0.8
) -> int:
    """How many leads in both arms together show a lift of `relative_lift` over `base_rate` with this power.

    Two-sided test of two proportions with the pooled variance under no effect.
    All arguments are fractions: 0.05, 0.5 (= +50 %), 0.1. Raises ValueError outside their range.
    """
    lifted = base_rate * (1 + relative_lift)
    if not (0 < base_rate < 1 and 0 < lifted < 1 and relative_lift != 0 and 0 < holdout_share < 1):
        raise ValueError("Rates and shares must lie between 0 and 1, and the lift must not be 0.")
    treated_share = 1 - holdout_share
    pooled = holdout_share * base_rate + treated_share * lifted
    z_alpha, z_power = NormalDist().inv_cdf(1 - alpha / 2), NormalDist().inv_cdf(power)
    spread_without = sqrt(pooled * (1 - pooled) * (1 / holdout_share + 1 / treated_share))
    spread_with = sqrt(base_rate * (1 - base_rate) / holdout_share + lifted * (1 - lifted) / treated_share)
    return ceil(((z_alpha * spread_without + z_power * spread_with) / (lifted - base_rate)) ** 2)
