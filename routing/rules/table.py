"""The first rule of a table whose conditions all hold, and how that was found. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from routing.rules.conditions import Condition, Facts, Finding, Problem, examine, read_condition


@dataclass(frozen=True)
class Rule:
    """One line: a name for people, and its conditions as stored."""

    key: str
    name: str
    conditions: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Decision:
    """`key` of the rule that matched, or None: the table's last line decides. `trace` is made to be stored."""

    key: str | None
    trace: list[dict[str, Any]]


def decide(rules: Sequence[Rule], facts: Facts) -> Decision:
    """Ask every rule in order, also those after the match, so that the trace shows what else would have held. A rule
    without conditions holds always; one with a condition that cannot be read never does, and the trace says so."""
    matched: Rule | None = None
    trace = []
    for rule in rules:
        entry, held = _ask(rule, facts)
        entry["matched"] = held and matched is None
        trace.append(entry)
        if held and matched is None:
            matched = rule
    return Decision(matched.key if matched else None, trace)


def _ask(rule: Rule, facts: Facts) -> tuple[dict[str, Any], bool]:
    findings, held = [], True
    for stored in rule.conditions:
        condition = read_condition(stored)
        if isinstance(condition, Problem):
            findings.append({"problem": condition.value, "held": False})
            held = False
            continue
        finding = examine(condition, facts)
        findings.append(_stored(finding))
        held = held and finding.held
    return {"rule": rule.name, "held": held, "conditions": findings}, held


def _stored(finding: Finding) -> dict[str, Any]:
    condition: Condition = finding.condition
    return {
        "field": condition.field.value,
        "name": condition.name,
        "op": condition.op.value,
        "value": list(condition.values) or condition.value,
        "held": finding.held,
        "saw": finding.saw,
    }
