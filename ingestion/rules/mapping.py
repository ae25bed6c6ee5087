"""How a row of a file becomes an item as a product would send it.

A plan maps fields of the Segment shape to columns or constants; the remaining columns become properties or traits. Rows
without a plan's type are whole items already. A time that cannot be read rejects the row: history that happened at the
moment of its import would be worse than none.
"""

import difflib
import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from ingestion.rules.cleaning import NUMBER_LIMIT
from ingestion.rules.file_types import ACCOUNT, DEAL, FILE_TYPES, LEAD, TOLD_TYPES, shape
from ingestion.rules.json_text import PRUNE_DEPTH
from ingestion.rules.timestamps import EPOCH, parse_instant
from ingestion.rules.types import KIND_BY_TYPE, Rejection

FIELDS = (
    *("userId", "anonymousId", "previousId", "groupId", "messageId", "timestamp", "event", "name"),
    *("email", "domain", "source", "outcome", "deal", "stage", "amount", "currency"),
)
# Need a time of their own; a trait without one is known from its receipt.
HISTORY_TYPES = ("track", "page", "screen", LEAD, DEAL)
TYPES = (*KIND_BY_TYPE, *FILE_TYPES)  # what a row can be
ALL, NONE = "all", "none"
FUTURE_LIMIT = timedelta(hours=24)

Row = Mapping[str, Any]


class PlanError(ValueError):
    """The plan does not fit the file. The message says what to write."""


@dataclass(frozen=True)
class Plan:
    """`type` is None when rows are whole items. `payload` are the columns that become properties or traits, None for
    all that are not mapped. In a file of text (CSV) numbers and truth values are recognised in them, never in ids."""

    type: str | None
    columns: dict[str, str] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    payload: tuple[str, ...] | None = None
    time_zone: str = "UTC"
    values_are_text: bool = False
    origin: str = "product"  # who says the traits in the file

    def to_json(self) -> dict[str, Any]:
        """As it is stored with the import: the same file with the same plan is the same import."""
        stored = asdict(self) | {"payload": None if self.payload is None else list(self.payload)}
        if self.origin == "product":  # as before there were others: the same import stays the same
            del stored["origin"]
        return stored

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Plan":
        """What to_json stored."""
        payload = stored["payload"]
        return cls(**{**stored, "payload": None if payload is None else tuple(payload)})


def make_plan(
    *,
    type: str | None,
    maps: Sequence[str],
    payload: str | None,
    time_zone: str,
    columns: Sequence[str] | None,
    values_are_text: bool = False,
    origin: str = "product",
) -> Plan:
    """From the words of the command line. `columns` are those of the file, None when it has none (JSON lines).
    Raises PlanError."""
    if time_zone not in available_timezones():
        raise PlanError(f"“{time_zone}” is not a time zone. Use a name such as Europe/Berlin or UTC.")
    mapped, constants = _split(maps)
    if type is None and not maps:
        if columns is not None:
            raise PlanError(
                "Say which columns are what: --type track --map userId=… --map timestamp=… --map event=…. "
                f"The file has {_listed(columns)}."
            )
        return Plan(None, time_zone=time_zone)
    kind = type or "track"
    if kind not in TYPES:
        raise PlanError(f"“{kind}” is not a type. Use one of {_listed(TYPES)}.")
    for column in mapped.values():
        _check_column(column, columns)
    _check_required(kind, {*mapped, *constants})
    return Plan(kind, mapped, constants, _payload(payload, columns), time_zone, values_are_text, origin)


def _split(maps: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
    """`field=column` and `field:=constant`."""
    mapped: dict[str, str] = {}
    constants: dict[str, str] = {}
    for each in maps:
        name, equals, value = each.partition("=")
        is_constant = name.endswith(":")
        name = name.removesuffix(":").strip()
        if not equals or not value or name not in FIELDS:
            hint = difflib.get_close_matches(name, FIELDS, n=1)
            meant = f" Did you mean {hint[0]}?" if hint and name not in FIELDS else ""
            raise PlanError(
                f"“{each}” is not a mapping.{meant} Write FIELD=COLUMN or FIELD:=CONSTANT; "
                f"fields are {_listed(FIELDS)}."
            )
        if name in mapped or name in constants:
            raise PlanError(f"{name} is mapped twice.")
        (constants if is_constant else mapped)[name] = value
    return mapped, constants


def _check_column(column: str, columns: Sequence[str] | None) -> None:
    if columns is None or column in columns:
        return
    close = difflib.get_close_matches(column, columns, n=1)
    meant = f" Did you mean “{close[0]}”?" if close else ""
    raise PlanError(f"The file has no column “{column}”.{meant} It has {_listed(columns)}.")


# By which field a row says whom it is about, where that is not one of a message's ids.
_WHO = {
    "identify": {"userId", "anonymousId", "email"},
    ACCOUNT: {"groupId", "domain"},
    LEAD: {"userId", "email"},
    DEAL: {"groupId", "domain", "userId", "email"},
}


def _check_required(kind: str, fields: set[str]) -> None:
    needed = [_WHO.get(kind, {"userId", "anonymousId"})]
    if kind == DEAL:
        needed.append({"stage"})
    if kind in HISTORY_TYPES:
        needed.append({"timestamp"})
    if kind == "track":
        needed.append({"event"})
    if kind == "group":
        needed.append({"groupId"})
    if kind == "alias":
        needed.append({"previousId"})
    for choice in needed:
        if not choice & fields:
            one = " or ".join(sorted(choice, reverse=True))
            raise PlanError(f"A {kind} row needs {one}: add --map {sorted(choice)[-1]}=COLUMN.")


def _payload(wanted: str | None, columns: Sequence[str] | None) -> tuple[str, ...] | None:
    if wanted in (None, ALL):
        return None
    if wanted == NONE:
        return ()
    chosen = tuple(name.strip() for name in str(wanted).split(",") if name.strip())
    for name in chosen:
        _check_column(name, columns)
    return chosen


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def item_of(
    plan: Plan, row: Row, *, fallback_id: str, now: datetime
) -> tuple[dict[str, Any], Rejection | None]:
    """The item of a row, and why it must not be stored if so."""
    item = dict(row) if plan.type is None else _mapped_item(plan, row)
    if plan.type is not None and (wrong := shape(plan.type, item)) is not None:
        return _mapped_item(plan, row), wrong  # as read: shaping has taken it apart
    if item.get("messageId") in (None, ""):
        item["messageId"] = fallback_id
    name = next(
        (each for each in ("timestamp", "originalTimestamp") if item.get(each) not in (None, "")), None
    )
    if name is None:
        if item.get("type") not in HISTORY_TYPES:
            return item, None
        return item, Rejection(
            "missing_timestamp", "The row has no time. An event needs to say when it happened."
        )
    instant = _instant(item[name], ZoneInfo(plan.time_zone))
    if instant is None:
        words = f"“{str(item[name])[:40]}” is no time. Write 2026-03-01T09:00:00Z or seconds since 1970."
        return item, Rejection("invalid_timestamp", words)
    item[name] = instant.isoformat()
    if not EPOCH <= instant <= now + FUTURE_LIMIT:
        words = f"{instant:%Y-%m-%d} lies before 1970 or in the future. Is it in another unit?"
        return item, Rejection("timestamp_out_of_range", words)
    return item, None


def fallback_id(file_hash: str, plan: Plan, row_number: int) -> str:
    """The message id of a row without one: the same for the same row of the same file."""
    return "import-" + hashlib.sha256(f"{file_hash}:{plan.type or ''}:{row_number}".encode()).hexdigest()[:40]


def _mapped_item(plan: Plan, row: Row) -> dict[str, Any]:
    values: dict[str, Any] = {name: row.get(column) for name, column in plan.columns.items()}
    values |= plan.constants
    item: dict[str, Any] = {"type": plan.type}
    item |= {name: plain(value) for name, value in values.items() if value is not None and value == value}
    if "timestamp" in item and isinstance(values["timestamp"], datetime | date):
        item["timestamp"] = values["timestamp"]
    group_id = item.pop("groupId", None)
    if group_id is not None:
        is_about = plan.type in ("group", ACCOUNT)
        item |= {"groupId": group_id} if is_about else {"context": {"groupId": group_id}}
    holder = "traits" if plan.type in TOLD_TYPES else "properties"
    names = plan.payload
    if names is None:
        names = tuple(name for name in row if name not in plan.columns.values())
    read = typed if plan.values_are_text else plain
    item[holder] = {name: read(row[name]) for name in names if row.get(name) is not None}
    return item


def _instant(value: Any, zone: ZoneInfo) -> datetime | None:
    """The moment; one without offset is in `zone`."""
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)  # noqa: DTZ001 - its zone comes next
    return parse_instant(value.isoformat() if isinstance(value, datetime) else value, zone)


def plain(value: Any, depth: int = PRUNE_DEPTH) -> Any:
    """The value as JSON knows it. What is nested too deeply to be stored at all is cut."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, Mapping):
        return {str(key): plain(each, depth - 1) for key, each in value.items()} if depth else None
    if isinstance(value, list | tuple | set):
        return [plain(each, depth - 1) for each in value] if depth else None
    if isinstance(value, float) and not math.isfinite(value):
        return None  # as over HTTP
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return str(value)


def typed(text: str | None) -> Any:
    """A value of a CSV file. Only text that is written exactly as the number would be is a number."""
    if text is None or text == "":
        return None
    if text in ("true", "false", "True", "False"):
        return text.lower() == "true"
    for kind in (int, float):
        try:
            value = kind(text) if len(text) <= 24 else None
        except ValueError:
            continue
        if value is not None and str(value) == text and abs(value) < NUMBER_LIMIT:  # as nan and inf are not
            return value
    return text
