"""The SQL of rules over other signals."""

from scoring.rules.joined import by_name
from scoring.rules.spec import RuleMode, SignalKind, SignalSpec, Spec


def truth(signal: SignalSpec, value: str) -> str:
    """The condition on a signal's value that makes it true."""
    upper = "" if signal.at_most is None else f" AND {value} <= {signal.at_most:f}"
    return f"{value} >= {signal.enough:f}{upper}"


def rule_columns(spec: Spec) -> list[str]:
    """The value of each rule, over columns value_1 … of the other signals."""
    places = {signal.name: n for n, signal in enumerate(spec.signals, start=1)}
    known = by_name(spec)
    others = [
        f"value_{n} <> 0" for n, signal in enumerate(spec.signals, start=1) if signal.kind != SignalKind.RULE
    ]
    is_anybody = f"({' OR '.join(others) or 'false'})"

    def condition(signal: SignalSpec) -> str:
        if signal.kind != SignalKind.RULE:
            return f"({truth(signal, f'value_{places[signal.name]}')})"
        # Of nobody of whom nothing is known: for a rule inside a rule as for the whole.
        return f"({is_anybody} AND ({_joined(signal, [condition(known[name]) for name in signal.rule_of])}))"

    return [
        f"CASE WHEN {condition(signal)} THEN 1 ELSE 0 END AS value_{n}"
        for n, signal in enumerate(spec.signals, start=1)
        if signal.kind == SignalKind.RULE
    ]


def _joined(rule: SignalSpec, conditions: list[str]) -> str:
    match rule.rule_mode:
        case RuleMode.ALL:
            return " AND ".join(conditions)
        case RuleMode.ANY:
            return " OR ".join(conditions)
        case RuleMode.AT_LEAST:
            return (
                f"{' + '.join(f'{condition}::integer' for condition in conditions)} >= {int(rule.at_least)}"
            )
    return f"NOT ({' OR '.join(conditions)})"
