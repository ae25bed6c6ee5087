import pytest

from experiments.stats import leads_needed

# base rate, lift, leads at 50, 20, 10 and 5 % held out
PUBLISHED = [
    (0.05, 0.5, [2941, 4786, 8609, 16402]),
    (0.05, 1.0, [869, 1445, 2609, 4979]),
    (0.10, 0.2, [7682, 12223, 21853, 41521]),
    (0.10, 0.5, [1372, 2223, 3993, 7602]),
    (0.20, 0.5, [587, 942, 1685, 3202]),
    (0.30, 0.2, [1926, 3039, 5418, 10278]),
]


@pytest.mark.parametrize(("base", "lift", "expected"), PUBLISHED)
def test_leads_needed_table(base, lift, expected):
    shares = (0.5, 0.2, 0.1, 0.05)

    found = [leads_needed(base_rate=base, relative_lift=lift, holdout_share=share) for share in shares]

    assert found == expected


@pytest.mark.parametrize(
    "case", [(0.0, 0.5, 0.1), (0.6, 1.0, 0.1), (0.1, 0.0, 0.1), (0.1, 0.5, 1.0)], ids=str
)
def test_leads_needed_refuses(case):
    base, lift, share = case
    with pytest.raises(ValueError, match="between 0 and 1"):
        leads_needed(base_rate=base, relative_lift=lift, holdout_share=share)
