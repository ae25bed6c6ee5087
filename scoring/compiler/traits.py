"""The SQL of trait tests."""

from decimal import Decimal, InvalidOperation
from typing import Any

from scoring.compiler.dates import day_test
from scoring.compiler.lists import asks_own_ids, is_list_test, list_test
from scoring.rules.spec import NEXT_DAYS, PAST_DAYS, PERIOD_FACT, PLAN_FACT, SignalKind, SignalSpec, Spec


def trait_conditions(spec: Spec) -> dict[int, str]:
    """By place from 1, for each trait signal: the condition on a trait row (name, text, number) that makes it true."""
    tests = {n: _test(signal, n)[0] for n, signal in _trait_signals(spec)}
    return {n: f"name = %(trait_{n}_name)s AND {test}" for n, test in tests.items()}


def trait_constants(spec: Spec) -> dict[str, Any]:
    """What the conditions bind."""
    constants: dict[str, Any] = {
        "trait_names": sorted(
            {s.trait_name for _, s in _trait_signals(spec) if not asks_own_ids(s)} | _used(spec)
        )
    }
    for n, signal in _trait_signals(spec):
        constants |= {f"trait_{n}_name": signal.trait_name, **_test(signal, n)[1]}
    return constants


def _trait_signals(spec: Spec) -> list[tuple[int, SignalSpec]]:
    return [(n, s) for n, s in enumerate(spec.signals, start=1) if s.kind == SignalKind.TRAIT]


def reads_traits(spec: Spec) -> bool:
    return any(signal.kind in (SignalKind.TRAIT, SignalKind.USAGE) for signal in spec.signals)


def _used(spec: Spec) -> set[str]:
    """The traits that usage is known by."""
    usages = [signal.usage for signal in spec.signals if signal.usage]
    return ({PLAN_FACT, PERIOD_FACT} if usages else set()) | {usage.gauge_trait for usage in usages} - {""}


def _test(signal: SignalSpec, n: int) -> tuple[str, dict[str, Any]]:
    """The test and the constants it binds. Null rows (unknown, removed) fail it."""
    if signal.trait_operator in (NEXT_DAYS, PAST_DAYS):
        return day_test(signal), {}
    if is_list_test(signal):
        return list_test(signal, n)
    values = [value.strip().lower() for value in signal.trait_values]
    numbers = [number for number in map(_number, values) if number is not None]
    name = f"trait_{n}"
    constants: dict[str, Any] = {f"{name}_texts": values}
    same = f"text = ANY(%({name}_texts)s::text[])"
    if numbers:
        constants[f"{name}_numbers"] = numbers
        same = f"({same} OR COALESCE(number = ANY(%({name}_numbers)s::numeric[]), false))"
    match signal.trait_operator:
        case "eq" | "in":
            return same, constants
        case "ne":
            return f"NOT {same}", constants
        case "contains":
            return (
                f"EXISTS (SELECT 1 FROM unnest(%({name}_texts)s::text[]) AS part WHERE position(part IN text) > 0)",
                constants,
            )
        case "gte":
            return f"number >= ANY(%({name}_numbers)s::numeric[])", constants
        case "lte":
            return f"number <= ANY(%({name}_numbers)s::numeric[])", constants
        case "known":
            return "text IS NOT NULL", {}
    raise ValueError(f"Unknown trait test {signal.trait_operator!r}.")


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
