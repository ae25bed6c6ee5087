from decimal import Decimal

import pytest

from ingestion.rules.filters import FilterError, as_number, as_text, check_filters, holds

EVENT = {
    "plan": "Pro",
    "rows": 100,
    "price": "12.50",
    "paid": True,
    "tags": ["A", "b"],
    "team": {"size": 5},
    "x": None,
}


@pytest.mark.parametrize(
    ("name", "operator", "value", "expected"),
    [
        ("plan", "eq", "pro", True),
        ("rows", "eq", "100", True),
        ("price", "eq", 12.5, True),
        ("price", "eq", "12.5", False),  # two texts are compared as texts
        ("paid", "eq", "true", True),
        ("paid", "eq", 1, False),
        ("x", "eq", "", False),
        ("plan", "ne", "free", True),
        ("plan", "ne", "PRO", False),
        ("missing", "ne", "pro", True),
        ("plan", "in", ["free", "pro"], True),
        ("rows", "in", [1, 2], False),
        ("plan", "contains", "RO", True),
        ("tags", "contains", "a", True),
        ("tags", "contains", "c", False),
        ("rows", "gte", 100, True),
        ("rows", "lte", 99, False),
        ("price", "gte", "12.5", True),
        ("plan", "gte", 1, False),
        ("paid", "gte", 1, False),
        ("plan", "exists", None, True),
        ("x", "exists", None, False),
        ("team.size", "gte", 5, True),
        ("team.size.more", "exists", None, False),
    ],
)
def test_what_a_filter_holds_for(name, operator, value, expected):
    (checked,) = check_filters([{"property": name, "op": operator, "value": value}])

    assert holds(checked, EVENT) is expected


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (1, Decimal(1)),
        (0.1, Decimal("0.1")),
        ("1e3", Decimal(1000)),
        (10**28, Decimal(10**28)),
        (10**30, None),
        ("NaN", None),
        ("Infinity", None),
        ("1_000", None),
        (True, None),
        ([1], None),
    ],
)
def test_numbers_fit_the_column_or_are_none(value, number):
    assert as_number(value) == number


def test_equal_numbers_have_one_text():
    assert {as_text(1), as_text(1.0), as_text(Decimal("1.000"))} == {"1"}


@pytest.mark.parametrize("filters", [{}, ["x"], [{"property": 1, "op": "eq", "value": 1}], [{"op": "eq"}]])
def test_what_is_no_filter_is_refused(filters):
    with pytest.raises(FilterError):
        check_filters(filters)
