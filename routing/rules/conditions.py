"""What a line of a routing table asks about a PQL, and whether it holds. Pure.

A condition is stored as {"field", "name", "op", "value"}; `name` is the trait's name for the two trait fields and
empty otherwise; `value` is text, or a list of texts for "in". Text is compared without regard to case.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any


class Field(StrEnum):
    BAND = "band"
    POINTS = "points"
    PERSON_TRAIT = "person_trait"
    ACCOUNT_TRAIT = "account_trait"
    SIGNAL = "signal"
    LIST = "list"
    MOTION = "motion"
    DEFINITION = "definition"
    LEVEL = "level"


class Op(StrEnum):
    EQUALS = "eq"
    NOT_EQUALS = "ne"
    ONE_OF = "in"
    AT_LEAST = "gte"
    AT_MOST = "lte"
    CONTAINS = "contains"
    KNOWN = "known"


TRAITS = {Field.PERSON_TRAIT, Field.ACCOUNT_TRAIT}
_CHOICE_OPS = (Op.EQUALS, Op.NOT_EQUALS, Op.ONE_OF)
OPS: dict[Field, tuple[Op, ...]] = {
    Field.BAND: _CHOICE_OPS,
    Field.POINTS: (Op.AT_LEAST, Op.AT_MOST),
    Field.PERSON_TRAIT: tuple(Op),
    Field.ACCOUNT_TRAIT: tuple(Op),
    Field.SIGNAL: _CHOICE_OPS,
    Field.LIST: _CHOICE_OPS,
    Field.MOTION: _CHOICE_OPS,
    Field.DEFINITION: _CHOICE_OPS,
    Field.LEVEL: (Op.EQUALS,),
}


class Problem(StrEnum):
    """What is wrong with a condition."""

    UNKNOWN_FIELD = "unknown_field"
    UNKNOWN_OP = "unknown_op"
    OP_NOT_FOR_FIELD = "op_not_for_field"
    NAME_MISSING = "name_missing"
    VALUE_MISSING = "value_missing"
    NOT_A_NUMBER = "not_a_number"


@dataclass(frozen=True)
class Condition:
    field: Field
    op: Op
    name: str = ""
    value: str = ""
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Facts:
    """What is known about a PQL when it is routed. `points` in hundredths, `signals` the names of those that are
    true, `lists` those that hold the person or the account, traits as they are now."""

    band: str
    points: int
    motion: str
    definition: str
    level: str
    signals: frozenset[str] = frozenset()
    lists: frozenset[str] = frozenset()
    person_traits: Mapping[str, Any] = field(default_factory=dict)
    account_traits: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Finding:
    """Whether a condition held, and what it saw ("" for nothing)."""

    condition: Condition
    held: bool
    saw: str


def read_condition(data: Mapping[str, Any]) -> Condition | Problem:
    """A stored condition, checked."""
    try:
        asked = Field(data.get("field", ""))
    except ValueError:
        return Problem.UNKNOWN_FIELD
    try:
        op = Op(data.get("op", ""))
    except ValueError:
        return Problem.UNKNOWN_OP
    name, raw = str(data.get("name") or "").strip(), data.get("value")
    if op not in OPS[asked]:
        return Problem.OP_NOT_FOR_FIELD
    if asked in TRAITS and not name:
        return Problem.NAME_MISSING
    if op == Op.KNOWN:
        return Condition(asked, op, name)
    if op == Op.ONE_OF:
        given = raw if isinstance(raw, list | tuple) else str(raw or "").split(",")
        values = tuple(text for item in given if (text := str(item).strip()))
        return Condition(asked, op, name, values=values) if values else Problem.VALUE_MISSING
    value = "" if raw is None else str(raw).strip()
    if not value:
        return Problem.VALUE_MISSING
    if op in (Op.AT_LEAST, Op.AT_MOST) and _number(value) is None:
        return Problem.NOT_A_NUMBER
    return Condition(asked, op, name, value)


def examine(condition: Condition, facts: Facts) -> Finding:
    """Ask one condition. An unknown trait holds nothing but "is not"."""
    if condition.field in (Field.SIGNAL, Field.LIST):
        return _examine_names(condition, facts.signals if condition.field == Field.SIGNAL else facts.lists)
    if condition.field in TRAITS:
        traits = facts.person_traits if condition.field == Field.PERSON_TRAIT else facts.account_traits
        value = traits.get(condition.name)
        return Finding(condition, _holds(condition, value), _text(value))
    if condition.field == Field.POINTS:
        points = Decimal(facts.points) / 100
        return Finding(condition, _holds(condition, points), _text(points))
    value = getattr(facts, condition.field.value)
    return Finding(condition, _holds(condition, value), value)


def _examine_names(condition: Condition, true_ones: frozenset[str]) -> Finding:
    known = {name.casefold(): name for name in true_ones}
    wanted = [text.casefold() for text in (condition.values or (condition.value,))]
    found = [known[text] for text in wanted if text in known]
    return Finding(condition, bool(found) != (condition.op == Op.NOT_EQUALS), ", ".join(found))


def _holds(condition: Condition, value: Any) -> bool:
    text, wanted = _text(value).casefold(), condition.value.casefold()
    match condition.op:
        case Op.KNOWN:
            return text != ""
        case Op.NOT_EQUALS:
            return not _same(text, wanted)
        case Op.ONE_OF:
            return text != "" and any(_same(text, one.casefold()) for one in condition.values)
        case Op.CONTAINS:
            return text != "" and wanted in text
        case Op.EQUALS:
            return text != "" and _same(text, wanted)
    seen, limit = _number(text), _number(wanted)
    if seen is None or limit is None:
        return False
    return seen >= limit if condition.op == Op.AT_LEAST else seen <= limit


def _same(left: str, right: str) -> bool:
    """Equal as numbers when both are, else as text: 50 is 50.0."""
    numbers = _number(left), _number(right)
    return numbers[0] == numbers[1] if None not in numbers else left == right


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}".rstrip("0").rstrip(".") if "." in f"{value:f}" else f"{value:f}"
    return str(value).strip()


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
