"""A routing table while it is edited: lines and conditions as typed, rearranged without saving."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from routing.forms.wording import FIELDS, OPS
from routing.models import RoutingRule, RoutingTable, Target
from routing.operations import RuleLine
from routing.operations.tables import problems_of
from routing.queries.choices import TableChoices
from routing.rules.conditions import OPS as OPS_FOR
from routing.rules.conditions import TRAITS, Field, Op, Problem, read_condition

MOST_LINES, MOST_CONDITIONS = 50, 10


@dataclass
class ConditionRow:
    """One condition as typed."""

    field: str = Field.BAND.value
    name: str = ""
    op: str = Op.EQUALS.value
    value: str = ""

    @property
    def has_name(self) -> bool:
        return self.field in TRAITS

    @property
    def has_value(self) -> bool:
        return self.op != Op.KNOWN

    def ops(self) -> list[tuple[str, Any]]:
        """Comparisons that go with the field."""
        allowed = OPS_FOR[Field(self.field)] if self.field in set(Field) else tuple(Op)
        return [(op.value, OPS[op]) for op in allowed]

    def fields(self) -> list[tuple[str, Any]]:
        return [(key.value, label) for key, label in FIELDS.items()]

    def settle(self) -> None:
        """After the field has changed: a comparison that does not go with it becomes the first that does."""
        if self.field in set(Field) and self.op not in OPS_FOR[Field(self.field)]:
            self.op = OPS_FOR[Field(self.field)][0].value
        if not self.has_name:
            self.name = ""

    def stored(self) -> dict[str, Any]:
        return {"field": self.field, "name": self.name.strip(), "op": self.op, "value": self._value()}

    def _value(self) -> Any:
        if self.op == Op.ONE_OF:
            return [part.strip() for part in self.value.split(",") if part.strip()]
        return self.value.strip() if self.has_value else ""


@dataclass
class LineRow:
    """One line as typed; pool, rep and destination are keys."""

    name: str = ""
    target: str = Target.POOL.value
    pool: str = ""
    rep: str = ""
    destination: str = ""
    conditions: list[ConditionRow] = field(default_factory=list)


@dataclass
class TableDraft:
    """The whole table as typed."""

    lines: list[LineRow]
    default_target: str = Target.HOLD.value
    default_pool: str = ""

    def rule_lines(self, choices: TableChoices) -> list[RuleLine]:
        """What save_table takes. Keys that are not among the choices become None, which save_table refuses."""
        return [
            RuleLine(
                name=line.name,
                conditions=[row.stored() for row in line.conditions],
                target=line.target,
                pool=_find(choices.pools, line.pool),
                rep=_find(choices.reps, line.rep),
                destination=_find(choices.destinations, line.destination),
            )
            for line in self.lines
        ]

    def problems(self, choices: TableChoices) -> list[str]:
        """Everything that keeps it from being saved, line by line."""
        lines = self.rule_lines(choices)
        return [text for place, line in enumerate(lines, start=1) for text in problems_of(place, line)]

    def doubts(self, choices: TableChoices) -> list[str]:
        """What can be saved and is probably not meant: names that no definition knows."""
        found = []
        for place, line in enumerate(self.lines, start=1):
            for row in line.conditions:
                condition = read_condition(row.stored())
                if isinstance(condition, Problem):
                    continue
                for value in condition.values or (condition.value,):
                    if close := choices.close_to(condition.field, value):
                        found.append(
                            _("Line %(place)s: %(field)s “%(value)s” is not known. Did you mean %(close)s?")
                            % {
                                "place": place,
                                "field": FIELDS[condition.field],
                                "value": value,
                                "close": _(" or ").join(f"“{name}”" for name in close),
                            }
                        )
        return found

    def rearrange(self, command: str) -> None:
        """Add, remove or move without saving: add, remove-2, up-2, down-2, condition-2, uncondition-2-1. Anything else
        changes nothing."""
        word, *places = command.split("-")
        numbers = [int(part) for part in places if part.isdigit()]
        line = numbers[0] if numbers else -1
        if word == "add" and len(self.lines) < MOST_LINES:
            self.lines.append(LineRow(conditions=[ConditionRow()]))
        if not 0 <= line < len(self.lines):
            return
        conditions = self.lines[line].conditions
        if word == "remove":
            del self.lines[line]
        elif word in ("up", "down"):
            other = line - 1 if word == "up" else line + 1
            if 0 <= other < len(self.lines):
                self.lines[line], self.lines[other] = self.lines[other], self.lines[line]
        elif word == "condition" and len(conditions) < MOST_CONDITIONS:
            conditions.append(ConditionRow())
        elif word == "uncondition" and len(numbers) == 2 and numbers[1] < len(conditions):
            del conditions[numbers[1]]


def stored_draft(table: RoutingTable, rules: Sequence[RoutingRule]) -> TableDraft:
    """The table as it is saved."""
    lines = [
        LineRow(
            name=rule.name,
            target=rule.target,
            pool=str(rule.pool_id or ""),
            rep=str(rule.rep_id or ""),
            destination=str(rule.destination_id or ""),
            conditions=[_typed(stored) for stored in rule.conditions],
        )
        for rule in rules
    ]
    return TableDraft(lines, table.default_target, str(table.default_pool_id or ""))


def posted_draft(data: Mapping[str, str]) -> TableDraft:
    """The table as typed. Fields: l-2-name, l-2-target ..., c-2-0-field, c-2-0-op ..."""
    lines = []
    while f"l-{len(lines)}-name" in data and len(lines) < MOST_LINES:
        prefix = f"l-{len(lines)}-"
        line = LineRow(
            **{name: data.get(prefix + name, "") for name in ("name", "target", "pool", "rep", "destination")}
        )
        line.conditions = _posted_conditions(data, len(lines))
        lines.append(line)
    return TableDraft(lines, data.get("default_target", ""), data.get("default_pool", ""))


def _posted_conditions(data: Mapping[str, str], line: int) -> list[ConditionRow]:
    rows: list[ConditionRow] = []
    while f"c-{line}-{len(rows)}-field" in data and len(rows) < MOST_CONDITIONS:
        prefix = f"c-{line}-{len(rows)}-"
        row = ConditionRow(**{name: data.get(prefix + name, "") for name in ("field", "name", "op", "value")})
        row.settle()
        rows.append(row)
    return rows


def _typed(stored: Mapping[str, Any]) -> ConditionRow:
    value = stored.get("value", "")
    shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return ConditionRow(
        str(stored.get("field", "")), str(stored.get("name", "")), str(stored.get("op", "")), shown
    )


def _find(rows: Sequence[Any], key: str) -> Any:
    return next((row for row in rows if str(row.pk) == key), None)
