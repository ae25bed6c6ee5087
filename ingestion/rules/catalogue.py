"""What the catalogue learns of an event from the events: volume, SDKs, and for each property how often which type came.

Everything here is small and bounded, as it is written again with every slice of events."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from ingestion.rules.naming import words_of

MAX_NAMES = 200
MAX_DAYS = 60
MAX_LIBRARIES = 20
EXAMPLES = 3
LOOKED_AT = 20  # values of each type in a slice of events that are tried as examples
EXAMPLE_LENGTH = 60
WEEK = timedelta(days=7)
USUAL_DAYS = 3  # an event that came on fewer days was never regular, so its silence says nothing
_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", dict: "object", list: "array"}
TYPES = ("string", "date", "boolean", "integer", "number", "object", "array", "null")

Shape = dict[str, dict[str, Any]]
Days = dict[str, int]  # ISO date in the tenant's zone when it was folded -> events
Libraries = dict[str, tuple[int, str]]  # name and version -> (events, last day)

_NOT_SHOWN = ("null", "object", "array")
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d\S*)?", re.ASCII)
_PERSONAL_WORDS = frozenset(
    """
    name firstname lastname fullname username nickname email emails mail phone mobile tel fax address street city zip
    postcode postal birth birthday birthdate dob age gender ssn iban card passport tax ip user users person people
    member members owner contact recipient recipients invitee sender author assignee customer id ids uid uuid key token
    secret password auth session cookie signature lat lng latitude longitude location avatar photo handle login
    message comment comments note notes text body subject query search description title url uri href referrer path
    """.split()  # noqa: SIM905 - a list of words reads better without a hundred quotes
)
_PERSONAL_VALUE = re.compile(
    r"@|\?|\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]+:[0-9a-f:]+:|[0-9a-fA-F-]{16,}|(?=.*\d)[\w+/=-]{24,}|^[+(]?[\d ().-]{7,}$",
    re.ASCII,
)
_LONGEST = 4  # words; more is written by a person


def observe(shape: Shape, properties: Mapping[str, Any], day: str, *, may_show: bool = True) -> None:
    """Add one event's properties to a shape, at most MAX_NAMES names:
    {name: {type: count, "first": day, "last": day, "examples": [...]}}. Everything is counted; examples, none of what
    looks personal, come from the first LOOKED_AT values of each type."""
    for name, value in properties.items():
        seen = shape.get(name)
        if seen is None:
            if len(shape) >= MAX_NAMES:
                continue
            seen = shape[name] = {"first": day, "last": day}
            if may_show and not has_personal_name(name):
                seen["examples"] = []
        elif day > seen["last"]:
            seen["last"] = day
        elif day < seen["first"]:
            seen["first"] = day
        kind = _TYPES.get(type(value), "null")
        if kind == "string" and value[4:5] == "-" and _DATE.fullmatch(value):
            kind = "date"
        count = seen[kind] = seen.get(kind, 0) + 1
        if count <= LOOKED_AT and "examples" in seen and kind not in _NOT_SHOWN:
            _add_example(seen["examples"], value)


def _add_example(examples: list[Any], value: Any) -> None:
    if len(examples) < EXAMPLES and value not in examples and not is_personal_value(value):
        examples.append(value)


@lru_cache(maxsize=4096)
def has_personal_name(name: str) -> bool:
    """A property that may hold what tells who somebody is, or what they wrote: by a word of its name."""
    return not _PERSONAL_WORDS.isdisjoint(words_of(name))


def is_personal_value(value: Any) -> bool:
    """A text that looks like an address, a phone number, an id, a token, or like something that a person wrote."""
    if not isinstance(value, str):
        return False
    if len(value) > EXAMPLE_LENGTH or value.count(" ") >= _LONGEST:
        return True
    return not _DATE.fullmatch(value) and _PERSONAL_VALUE.search(value) is not None


def merge(known: Shape, new: Shape) -> Shape:
    """Both shapes as one; what was known keeps its examples and its place."""
    merged = {name: dict(seen) for name, seen in known.items()}
    for seen in merged.values():
        seen.pop("example", None)  # of an older release, which kept one also when it was personal
    for name, seen in new.items():
        if name not in merged:
            if len(merged) < MAX_NAMES:
                merged[name] = dict(seen)
                merged[name]["at"] = _days_of_types(seen)
            continue
        target = merged[name]
        for key, value in seen.items():
            if key == "at":
                continue
            target[key] = _JOINS[key](target[key], value) if key in target else value
        known_days, new_days = target.get("at", {}), _days_of_types(seen)
        target["at"] = known_days | {
            kind: max(day, known_days.get(kind, day)) for kind, day in new_days.items()
        }
    return merged


def _days_of_types(seen: Mapping[str, Any]) -> dict[str, str]:
    """The day on which each type was last there: as it is known, or as far as a slice of events tells, its last."""
    return seen.get("at") or {kind: seen["last"] for kind in TYPES if kind in seen}


def _more_examples(known: list[Any], new: list[Any]) -> list[Any]:
    return [*known, *(value for value in new if value not in known)][:EXAMPLES]


_JOINS: dict[str, Any] = {"first": min, "last": max, "examples": _more_examples}
_JOINS |= {kind: lambda known, new: known + new for kind in TYPES}


def library_of(context: Mapping[str, Any]) -> str:
    """Name and version of the SDK that sent it, "" when it does not say."""
    library = context.get("library")
    if not isinstance(library, dict):
        return ""
    words = (library.get("name"), library.get("version"))
    return " ".join(word[:60] for word in words if isinstance(word, str))


def add_days(known: Mapping[str, int], new: Mapping[str, int]) -> Days:
    """Events by day, the newest MAX_DAYS days. A day that is dropped never comes back, so the order does not matter."""
    total = dict(known)
    for day, number in new.items():
        total[day] = total.get(day, 0) + number
    return {day: total[day] for day in sorted(total)[-MAX_DAYS:]}


def add_libraries(known: Mapping[str, Sequence[Any]], new: Mapping[str, Sequence[Any]]) -> Libraries:
    """Events by SDK and version, the MAX_LIBRARIES seen last."""
    total: Libraries = {label: (seen[0], seen[1]) for label, seen in known.items()}
    for label, (number, day) in new.items():
        before = total.get(label, (0, day))
        total[label] = (before[0] + number, max(before[1], day))
    latest = sorted(total.items(), key=lambda item: (item[1][1], item[1][0]), reverse=True)
    return dict(latest[:MAX_LIBRARIES])


def last_days(days: Mapping[str, int], today: date, number: int = 30) -> list[tuple[date, int]]:
    """Events on each of the last days, the oldest first, today included."""
    wanted = [today - timedelta(days=ago) for ago in reversed(range(number))]
    return [(day, days.get(day.isoformat(), 0)) for day in wanted]


def is_new(first_seen_at: datetime, now: datetime) -> bool:
    """It happened for the first time within the last seven days."""
    return first_seen_at > now - WEEK


def has_gone_quiet(days: Mapping[str, int], today: date) -> bool:
    """It came on USUAL_DAYS or more of the days before the last seven, and on none of those."""
    recent = (today - timedelta(days=6)).isoformat()
    earliest = (today - timedelta(days=29)).isoformat()
    before = [day for day in days if earliest <= day < recent]
    return len(before) >= USUAL_DAYS and not any(day >= recent for day in days)
