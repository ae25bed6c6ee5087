"""The hash: uniform, independent, and frozen."""

import json
from itertools import pairwise
from pathlib import Path

import numpy
import pytest
from scipy import stats

from experiments.assignment import BUCKETS, arm_at, bucket

GOLDEN = json.loads((Path(__file__).parent / "golden_buckets.json").read_text())
UNITS = 4000


def buckets_of(salt: str, *, tenant_id: int = 1) -> numpy.ndarray:
    return numpy.array(
        [bucket(tenant_id=tenant_id, salt=salt, unit_kind="person", unit_id=unit) for unit in range(UNITS)]
    )


@pytest.fixture(scope="module")
def many_salts() -> list[numpy.ndarray]:
    return [buckets_of(f"salt-{number}") for number in range(201)]


@pytest.mark.parametrize("vector", GOLDEN, ids=lambda vector: str(vector["unit_id"]))
def test_bucket_golden(vector):
    unit = {key: vector[key] for key in ("tenant_id", "salt", "unit_kind", "unit_id")}

    assert bucket(**unit) == vector["bucket"]


def test_golden_vectors_are_fifty_ids():
    assert len(GOLDEN) == 50


def test_bucket_uniform_over_200_salts(many_salts):
    """F5: the p-values of 200 chi-square tests are themselves uniform."""
    values = [
        stats.chisquare(numpy.bincount(buckets // 100, minlength=100)).pvalue for buckets in many_salts[:200]
    ]

    assert stats.kstest(values, "uniform").pvalue > 0.001


def test_bucket_independent_between_salts(many_salts):
    """F6: membership of the lowest tenth under one salt says nothing about membership under another."""
    values = []
    for first, second in pairwise(many_salts):
        counts = numpy.histogram2d(first // 2000, second // 2000, bins=5)[0]
        values.append(stats.chi2_contingency(counts).pvalue)

    assert stats.kstest(values, "uniform").pvalue > 0.001
    assert min(values) > 1e-4 / 2  # 200 pairs looked at; one pair alone is held to 1e-4


def test_bucket_sharing_a_salt_would_keep_the_same_units():
    """Why a salt belongs to one experiment: the same salt is the same people."""
    assert (buckets_of("shared") == buckets_of("shared")).all()


def test_bucket_independent_of_other_tenants():
    """F9: the same person id in another tenant lands elsewhere."""
    first, second = buckets_of("s", tenant_id=1), buckets_of("s", tenant_id=2)

    counts = numpy.histogram2d(first // 2000, second // 2000, bins=5)[0]

    assert stats.chi2_contingency(counts).pvalue > 0.001


def test_arm_growing_the_first_keeps_all_its_members():
    """F3: 10 % to 20 %."""
    before = {place for place in range(BUCKETS) if arm_at(place, [1000, 9000]) == 0}
    after = {place for place in range(BUCKETS) if arm_at(place, [2000, 8000]) == 0}

    assert before == set(range(1000))
    assert after == set(range(2000))


def test_arm_ranges_are_half_open():
    assert [arm_at(place, [1000, 9000]) for place in (0, 999, 1000, 9999)] == [0, 0, 1, 1]


@pytest.mark.parametrize("weights", [[1000, 8000], [0, 10000], [10001]])
def test_arm_weights_must_fill_the_buckets(weights):
    with pytest.raises(ValueError, match="add up to"):
        arm_at(5, weights)
