"""Conditions, operators and traces in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from routing.models import Target
from routing.operations.tables import PROBLEMS
from routing.rules.conditions import TRAITS, Field, Op, Problem
from routing.rules.rotation import TURN

FIELDS: dict[Field, Any] = {
    Field.BAND: gettext_lazy("Band"),
    Field.POINTS: gettext_lazy("Score"),
    Field.PERSON_TRAIT: gettext_lazy("Person's trait"),
    Field.ACCOUNT_TRAIT: gettext_lazy("Account's trait"),
    Field.SIGNAL: gettext_lazy("Signal that is true"),
    Field.LIST: gettext_lazy("List they are in"),
    Field.MOTION: gettext_lazy("Motion"),
    Field.DEFINITION: gettext_lazy("Definition"),
    Field.LEVEL: gettext_lazy("Level"),
}
OPS: dict[Op, Any] = {
    Op.EQUALS: gettext_lazy("is"),
    Op.NOT_EQUALS: gettext_lazy("is not"),
    Op.ONE_OF: gettext_lazy("is one of"),
    Op.AT_LEAST: gettext_lazy("is at least"),
    Op.AT_MOST: gettext_lazy("is at most"),
    Op.CONTAINS: gettext_lazy("contains"),
    Op.KNOWN: gettext_lazy("is known"),
}


@dataclass(frozen=True)
class AskedCondition:
    """A condition of the trace in words."""

    text: str
    held: bool
    saw: str


@dataclass(frozen=True)
class AskedRule:
    """A line of the table as the trace has it. outcome: matched, held (but a line above had matched), or missed."""

    name: str
    outcome: str
    conditions: Sequence[AskedCondition]


@dataclass(frozen=True)
class SeatLine:
    """A member of the pool when the lead was given. turns: the pointer, in turns taken."""

    rep: str
    turns: str
    share: int
    open_leads: int
    capacity: int | None
    note: str
    is_chosen: bool


@dataclass(frozen=True)
class Trace:
    """Why me: the rules that were asked, what decided if none did, and the pool's state."""

    rules: Sequence[AskedRule]
    notes: Sequence[str]
    pool: str
    seats: Sequence[SeatLine]


def condition_text(stored: Mapping[str, Any]) -> str:
    """ "Account's trait plan is one of pro, team"."""
    try:
        asked, op = Field(stored.get("field", "")), Op(stored.get("op", ""))
    except ValueError:
        return _("A condition that cannot be read")
    name = f" “{stored.get('name')}”" if asked in TRAITS else ""
    value = stored.get("value", "")
    shown = ", ".join(value) if isinstance(value, list) else str(value)
    return f"{FIELDS[asked]}{name} {OPS[op]} {shown}".strip()


def read_trace(stored: Sequence[Mapping[str, Any]]) -> Trace:
    """A lead's stored trace in words."""
    rules = [_rule(entry) for entry in stored if "rule" in entry]
    notes = [note for entry in stored if (note := _note(entry))]
    pools = [entry for entry in stored if entry.get("step") == "pool"]
    last = pools[-1] if pools else {}
    return Trace(rules, notes, last.get("pool", ""), [_seat(member) for member in last.get("members", [])])


def turns(pointer: int) -> str:
    """A pointer as turns taken: 720720 -> "1", 360360 -> "0.5"."""
    return f"{pointer / TURN:.2f}".rstrip("0").rstrip(".")


def _rule(entry: Mapping[str, Any]) -> AskedRule:
    outcome = "matched" if entry.get("matched") else "held" if entry.get("held") else "missed"
    conditions = []
    for line in entry.get("conditions", []):
        if "problem" in line:
            text = _("cannot be read: %(problem)s") % {"problem": PROBLEMS[Problem(line["problem"])]}
            conditions.append(AskedCondition(text, False, ""))
        else:
            conditions.append(AskedCondition(condition_text(line), line["held"], line["saw"]))
    return AskedRule(entry["rule"], outcome, conditions)


def _note(entry: Mapping[str, Any]) -> str:
    match entry.get("step"):
        case "rep_left":
            return _("The line names a rep who has left: on hold until somebody changes the line.")
        case "do_not_contact":
            return _("They do not want to be contacted (%(why)s): on hold, and nobody is told.") % {
                "why": entry["because"]
            }
        case "no_table":
            return _("This unit has no routing table, nor has a unit above it, so the lead is on hold.")
        case "otherwise":
            label = Target(entry["target"]).label
            return _("No line matched, so the last line decided: %(target)s.") % {"target": label}
        case "owner":
            return _("%(rep)s has an open lead of the same subject, so this one went there too.") % {
                "rep": entry["rep"]
            }
    return ""


def _seat(member: Mapping[str, Any]) -> SeatLine:
    is_full = member["capacity"] is not None and member["open"] >= member["capacity"]
    note = _("away") if not member["available"] else _("full") if is_full else ""
    return SeatLine(
        member["rep"],
        turns(member["pointer"]),
        member["share"],
        member["open"],
        member["capacity"],
        note,
        member["chosen"],
    )
