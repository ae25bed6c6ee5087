"""Signals that are rules over other signals. Pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from scoring.rules.spec import RuleMode, SignalKind, SignalSpec, Spec

MOST_TESTS = (
    500  # of signals in one rule, those of the rules it names included: each is written out in the statement
)


class Circle(ValueError):
    """A rule names itself, over other rules or at once. `names` is the way around."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        super().__init__(" → ".join(names))


def by_name(spec: Spec) -> dict[str, SignalSpec]:
    return {signal.name: signal for signal in spec.signals}


def size_of(signal: SignalSpec, known: Mapping[str, SignalSpec], above: tuple[str, ...] = ()) -> int:
    """How many tests of single signals a rule comes to, written out. Raises Circle; unknown names count as one."""
    if signal.kind != SignalKind.RULE:
        return 1
    if signal.name in above:
        raise Circle([*above[above.index(signal.name) :], signal.name])
    total = 0
    for name in signal.rule_of:
        total += size_of(known[name], known, (*above, signal.name)) if name in known else 1
        if total > MOST_TESTS:
            return total
    return total


def with_rules(spec: Spec, values: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """By key the value of every signal, from those of the signals that are no rules (a missing one is 0)."""
    known = by_name(spec)
    found = {signal.key: values.get(signal.key, Decimal(0)) for signal in spec.signals}
    is_anybody = any(found[signal.key] for signal in spec.signals if signal.kind != SignalKind.RULE)

    def is_true(signal: SignalSpec) -> bool:
        if signal.kind != SignalKind.RULE:
            return signal.is_true(found[signal.key])
        held = sum(is_true(known[name]) for name in signal.rule_of)
        return is_anybody and _holds(signal, held)

    for signal in spec.signals:
        if signal.kind == SignalKind.RULE:
            found[signal.key] = Decimal(is_true(signal))
    return found


def _holds(rule: SignalSpec, held: int) -> bool:
    match rule.rule_mode:
        case RuleMode.ALL:
            return held == len(rule.rule_of)
        case RuleMode.ANY:
            return held > 0
        case RuleMode.AT_LEAST:
            return held >= rule.at_least
    return held == 0
