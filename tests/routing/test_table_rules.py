"""First match wins, and the trace says what every line saw."""

from routing.rules.conditions import Facts
from routing.rules.table import Rule, decide

FACTS = Facts(
    band="hot", points=8000, motion="m", definition="d", level="person", person_traits={"role": "dev"}
)
HOT = {"field": "band", "op": "eq", "value": "hot"}
COLD = {"field": "band", "op": "eq", "value": "cold"}
ADMIN = {"field": "person_trait", "name": "role", "op": "eq", "value": "admin"}


def test_decide_first_match_wins():
    rules = [Rule("1", "Cold", [COLD]), Rule("2", "Hot", [HOT]), Rule("3", "Anything", [])]

    decision = decide(rules, FACTS)

    assert decision.key == "2"
    assert [entry["matched"] for entry in decision.trace] == [False, True, False]
    assert [entry["held"] for entry in decision.trace] == [False, True, True]


def test_decide_all_conditions_must_hold():
    decision = decide([Rule("1", "Hot admins", [HOT, ADMIN])], FACTS)

    assert decision.key is None
    assert [line["held"] for line in decision.trace[0]["conditions"]] == [True, False]
    assert decision.trace[0]["conditions"][1]["saw"] == "dev"


def test_decide_broken_condition_never_matches():
    decision = decide([Rule("1", "Broken", [{"field": "mood"}])], FACTS)

    assert decision.key is None
    assert decision.trace[0]["conditions"] == [{"problem": "unknown_field", "held": False}]


def test_decide_empty_table():
    assert decide([], FACTS).key is None
