"""What a line asks and when it holds."""

import pytest

from routing.rules.conditions import Facts, Problem, examine, read_condition

FACTS = Facts(
    band="Hot",
    points=7450,
    motion="Free to paid",
    definition="Team adoption",
    level="account",
    signals=frozenset({"Invited a colleague", "Hit a limit"}),
    lists=frozenset({"Target accounts", "Academic"}),
    person_traits={"role": "Admin"},
    account_traits={
        "plan": "Pro",
        "employees": 250,
        "seats": "12.0",
        "is_partner": True,
        "note": None,
        "x": "NaN",
    },
)


def holds(field: str, op: str, value: object = "", name: str = "") -> bool:
    condition = read_condition({"field": field, "op": op, "value": value, "name": name})
    assert not isinstance(condition, Problem), condition
    return examine(condition, FACTS).held


@pytest.mark.parametrize(
    ("asked", "held"),
    [
        (("band", "eq", "hot"), True),
        (("band", "ne", "hot"), False),
        (("band", "in", ["warm", "HOT"]), True),
        (("band", "in", "warm, hot"), True),
        (("points", "gte", "74.5"), True),
        (("points", "gte", "74.51"), False),
        (("points", "lte", "74.5"), True),
        (("motion", "eq", "free to PAID"), True),
        (("definition", "ne", "Other"), True),
        (("level", "eq", "person"), False),
        (("signal", "eq", "hit a limit"), True),
        (("signal", "eq", "Exported"), False),
        (("signal", "ne", "Exported"), True),
        (("signal", "ne", "Hit a limit"), False),
        (("signal", "in", ["Exported", "Hit a limit"]), True),
        (("list", "eq", "target accounts"), True),
        (("list", "ne", "Competitors"), True),
        (("list", "ne", "Academic"), False),
        (("list", "in", ["Competitors", "Academic"]), True),
        (("person_trait", "eq", "admin", "role"), True),
        (("account_trait", "eq", "pro", "plan"), True),
        (("account_trait", "contains", "R", "plan"), True),
        (("account_trait", "gte", "200", "employees"), True),
        (("account_trait", "lte", "200", "employees"), False),
        (("account_trait", "eq", "12", "seats"), True),
        (("account_trait", "in", ["11", "12.00"], "seats"), True),
        (("account_trait", "gte", "200", "plan"), False),
        (("account_trait", "gte", "1", "x"), False),
        (("account_trait", "eq", "true", "is_partner"), True),
        (("account_trait", "known", "", "plan"), True),
        (("account_trait", "known", "", "note"), False),
        (("account_trait", "known", "", "industry"), False),
        (("account_trait", "ne", "retail", "industry"), True),
        (("account_trait", "eq", "retail", "industry"), False),
        (("account_trait", "contains", "e", "industry"), False),
    ],
    ids=str,
)
def test_condition_holds(asked, held):
    assert holds(*asked) is held


@pytest.mark.parametrize(
    ("stored", "problem"),
    [
        ({"field": "mood", "op": "eq", "value": "x"}, Problem.UNKNOWN_FIELD),
        ({"op": "eq"}, Problem.UNKNOWN_FIELD),
        ({"field": "band", "op": "like", "value": "x"}, Problem.UNKNOWN_OP),
        ({"field": "band", "op": "gte", "value": "1"}, Problem.OP_NOT_FOR_FIELD),
        ({"field": "level", "op": "in", "value": "person"}, Problem.OP_NOT_FOR_FIELD),
        ({"field": "account_trait", "op": "eq", "value": "x"}, Problem.NAME_MISSING),
        ({"field": "band", "op": "eq", "value": " "}, Problem.VALUE_MISSING),
        ({"field": "band", "op": "in", "value": [" ", ""]}, Problem.VALUE_MISSING),
        ({"field": "points", "op": "gte", "value": "many"}, Problem.NOT_A_NUMBER),
        ({"field": "points", "op": "gte", "value": "NaN"}, Problem.NOT_A_NUMBER),
    ],
    ids=str,
)
def test_read_condition_names_the_problem(stored, problem):
    assert read_condition(stored) is problem


def test_examine_tells_what_it_saw():
    condition = read_condition({"field": "account_trait", "op": "eq", "name": "plan", "value": "free"})

    assert examine(condition, FACTS).saw == "Pro"
