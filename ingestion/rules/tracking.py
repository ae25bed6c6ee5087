"""Tracking plans: which events a source may send with which properties, and where an event departs from that.

A plan is a document, the same that is pasted and downloaded: mode, conventions, and for each event a JSON Schema (draft
2020-12) of its properties, or of the traits of an identify or group call.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import jsonschema_rs

from ingestion.rules.catalogue import has_personal_name, is_personal_value
from ingestion.rules.json_text import dump_json
from ingestion.rules.naming import CONVENTIONS, keeps_to
from ingestion.rules.types import KIND_BY_TYPE, Kind

DIALECT = "https://json-schema.org/draft/2020-12/schema"
MODES = ("observe", "flag", "omit", "quarantine")
MOST_EVENTS = 2_000
LONGEST_SCHEMA = 100_000  # characters
DEEPEST = 20
MOST_PROBLEMS = 20  # of one event; who sends more has one cause
NAME_LIMIT = 200
KINDS = ("track", "page", "screen", "identify", "group")
_FIELDS = frozenset(("mode", "unplanned_events", "event_naming", "property_naming", "events"))
_EVENT_FIELDS = frozenset(("type", "name", "description", "schema"))
_REFERENCES = frozenset(("$ref", "$dynamicRef", "$recursiveRef"))
# Patterns are matched in time linear to the text: a plan can be pasted, and must not stop the fold.
_LINEAR = jsonschema_rs.RegexOptions()

Key = tuple[int, str]  # kind and name of an event
Schema = dict[str, Any]
Document = dict[str, Any]


class DocumentError(ValueError):
    """What is wrong with a plan that was pasted, in a sentence."""


class Problem(NamedTuple):
    """Where an event departs from its plan. property: its name, with dots into objects; "" for the whole event. top:
    the property of the event in which the fault is."""

    code: str
    property: str = ""
    expected: str = ""
    got: str = ""
    top: str = ""


# Codes of problems. The last two say that something is named badly, and by themselves hold nothing back.
UNPLANNED_EVENT, UNPLANNED_PROPERTY, MISSING = "unplanned_event", "unplanned_property", "missing_property"
WRONG_TYPE, NOT_ALLOWED, WRONG_FORMAT, BROKEN_RULE = (
    "wrong_type",
    "not_allowed",
    "wrong_format",
    "broken_rule",
)
EVENT_NAME, PROPERTY_NAME = "event_name", "property_name"
ABOUT_NAMES = (EVENT_NAME, PROPERTY_NAME)
_CODES = {
    "required": MISSING,
    "type": WRONG_TYPE,
    "enum": NOT_ALLOWED,
    "const": NOT_ALLOWED,
    "format": WRONG_FORMAT,
    "pattern": WRONG_FORMAT,
    "additionalProperties": UNPLANNED_PROPERTY,
    "unevaluatedProperties": UNPLANNED_PROPERTY,
}


def empty_document() -> Document:
    """A plan that has nothing to say yet."""
    return {
        "mode": "observe",
        "unplanned_events": True,
        "event_naming": "",
        "property_naming": "",
        "events": [],
    }


def check_document(pasted: Any) -> Document:
    """A document in its one form, events by type and name. Raises DocumentError."""
    if not isinstance(pasted, dict):
        raise DocumentError("A tracking plan is a JSON object with “events”.")
    if unknown := sorted(map(str, pasted.keys() - _FIELDS)):
        raise DocumentError(
            f"“{unknown[0]}” is no part of a tracking plan. It has {', '.join(sorted(_FIELDS))}."
        )
    document = empty_document() | pasted
    _one_of("mode", document["mode"], MODES)
    for name in ("event_naming", "property_naming"):
        _one_of(name, document[name], ("", *CONVENTIONS))
    if not isinstance(document["unplanned_events"], bool):
        raise DocumentError("“unplanned_events” is true (they break the plan) or false (they may come).")
    if not isinstance(document["events"], list) or len(document["events"]) > MOST_EVENTS:
        raise DocumentError(f"“events” is a list of at most {MOST_EVENTS:,} events.")
    events: dict[Key, Document] = {}
    for each in document["events"]:
        event = check_event(each)
        if key_of(event) in events:
            raise DocumentError(f"{title_of(event)} is in the plan twice.")
        events[key_of(event)] = event
    return document | {"events": [events[key] for key in sorted(events)]}


def check_event(pasted: Any) -> Document:
    """An event of a plan in its one form. Raises DocumentError."""
    if not isinstance(pasted, dict):
        raise DocumentError("Each event is a JSON object with “type”, “name” and “schema”.")
    if unknown := sorted(map(str, pasted.keys() - _EVENT_FIELDS)):
        raise DocumentError(f"“{unknown[0]}” is no part of an event: it has type, name, description, schema.")
    event: Document = {"type": "track", "name": "", "description": "", "schema": {}} | pasted
    _one_of("type", event["type"], KINDS)
    for text in ("name", "description"):
        if not isinstance(event[text], str) or len(event[text]) > 1000:
            raise DocumentError(f"“{text}” of an event is a text of at most 1,000 characters.")
    event["name"] = event["name"].strip()
    if event["type"] == "track" and not event["name"]:
        raise DocumentError("A track event needs its name, exactly as the product sends it.")
    if event["type"] in ("identify", "group") and event["name"]:
        raise DocumentError(f"{event['type']} calls have no name: leave it empty.")
    return event | {"schema": check_schema(event["schema"], title_of(event))}


def check_schema(schema: Any, title: str) -> Schema:
    """A schema that can be compiled: of the dialect, of objects, bounded, without references. Raises DocumentError."""
    if not isinstance(schema, dict):
        raise DocumentError(f"The schema of {title} is no JSON object.")
    if len(dump_json(schema)) > LONGEST_SCHEMA:
        raise DocumentError(f"The schema of {title} is longer than {LONGEST_SCHEMA:,} characters.")
    dialect = schema.get("$schema", DIALECT)
    if not isinstance(dialect, str) or dialect.rstrip("#") != DIALECT:
        raise DocumentError(f"The schema of {title} must be of draft 2020-12: “$schema”: “{DIALECT}”.")
    if schema.get("type", "object") != "object":
        raise DocumentError(f"The schema of {title} must have “type”: “object”: it is about its properties.")
    _refuse_references(schema, title)
    whole = {"$schema": DIALECT, "type": "object"} | schema
    try:
        _validator(whole)
    except (jsonschema_rs.ValidationError, ValueError) as error:
        words = getattr(error, "message", "") or str(error).partition("\n")[0]
        raise DocumentError(f"The schema of {title} is not valid JSON Schema: {words}") from error
    return whole


def _refuse_references(part: Any, title: str, depth: int = 0) -> None:
    """A reference may lead to another server, or in a circle."""
    if depth > DEEPEST:
        raise DocumentError(f"The schema of {title} is nested more than {DEEPEST} levels deep.")
    if isinstance(part, dict):
        if found := _REFERENCES & part.keys():
            raise DocumentError(
                f"The schema of {title} uses {min(found)}: write what it refers to in its place."
            )
        part = list(part.values())
    if isinstance(part, list):
        for each in part:
            _refuse_references(each, title, depth + 1)


def _one_of(name: str, value: Any, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        words = ", ".join(each or "“”" for each in allowed)
        raise DocumentError(f"“{name}” is one of {words}.")


def key_of(event: Mapping[str, Any]) -> Key:
    return int(KIND_BY_TYPE[event["type"]]), event["name"]


def title_of(event: Mapping[str, Any]) -> str:
    """“Signed Up”, or the type of a call without a name."""
    return f"“{event['name']}”" if event["name"] else f"the {event['type']} call"


@dataclass(frozen=True)
class Plan:
    """A live version, compiled: made once for each version and process."""

    name: str
    mode: str
    reports_unplanned: bool
    event_naming: str
    property_naming: str
    validators: Mapping[Key, jsonschema_rs.Draft202012Validator] = field(repr=False)

    def problems(self, kind: int, name: str, told: Mapping[str, Any]) -> list[Problem]:
        """Where an event departs from the plan; at most MOST_PROBLEMS."""
        if kind == Kind.ALIAS:
            return []  # it carries nothing that could be planned
        validator = self.validators.get((kind, name))
        found: list[Problem] = []
        if validator is None:
            found = self._of_stranger(name)
        elif not validator.is_valid(told):
            found = list(_departures(validator, told, shows=kind != Kind.IDENTIFY))
        if self.property_naming:
            found += [
                Problem(PROPERTY_NAME, each[:NAME_LIMIT], self.property_naming)
                for each in told
                if not keeps_to(self.property_naming, each)
            ]
        return found[:MOST_PROBLEMS]

    def _of_stranger(self, name: str) -> list[Problem]:
        """Of an event that is not in the plan. What is in it is named as somebody decided."""
        found = [Problem(UNPLANNED_EVENT)] if self.reports_unplanned else []
        if not keeps_to(self.event_naming, name):
            found.append(Problem(EVENT_NAME, "", self.event_naming))
        return found


def compile_plan(name: str, document: Document) -> Plan:
    """Of a checked document."""
    return Plan(
        name=name,
        mode=document["mode"],
        reports_unplanned=document["unplanned_events"],
        event_naming=document["event_naming"],
        property_naming=document["property_naming"],
        validators={key_of(event): _validator(event["schema"]) for event in document["events"]},
    )


def _validator(schema: Schema) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(
        schema, validate_formats=True, offline=True, pattern_options=_LINEAR
    )


def _departures(
    validator: jsonschema_rs.Draft202012Validator, told: Mapping[str, Any], shows: bool
) -> Iterator[Problem]:
    for number, error in enumerate(validator.iter_errors(told)):
        if number >= MOST_PROBLEMS:
            return
        yield from _named(error, shows)


def _named(error: jsonschema_rs.ValidationError, shows: bool) -> Iterator[Problem]:
    word = error.kind.name
    code = _CODES.get(word, BROKEN_RULE)
    facts = error.kind.as_dict()
    path = ["[]" if isinstance(step, int) else step for step in error.instance_path]
    if code == UNPLANNED_PROPERTY:
        for name in facts["unexpected"]:
            value = error.instance.get(name) if isinstance(error.instance, dict) else None
            whole = [*path, name]
            yield Problem(code, _joined(whole), "", _got(whole, value, shows), whole[0])
    elif code == MISSING:
        whole = [*path, facts["property"]]
        yield Problem(code, _joined(whole), top=whole[0])
    else:
        got = _got(path, error.instance, shows)
        yield Problem(code, _joined(path), _expected(word, facts), got, path[0] if path else "")


def _joined(path: list[str]) -> str:
    return ".".join(path)[:NAME_LIMIT]


def _expected(word: str, facts: Mapping[str, Any]) -> str:
    match word:
        case "type":
            return " or ".join(each for each in facts["types"] if each != "null") or "null"
        case "enum":
            return "one of " + ", ".join(str(option) for option in facts["options"])[:150]
        case "const":
            return str(facts.get("expected_value"))[:150]
        case "format" | "pattern":
            return str(facts[word])[:150]
    return word


def _got(path: list[str], value: Any, shows: bool) -> str:
    """The type of a value, and the value itself unless it may be personal."""
    kind = type_of(value)
    hidden = not shows or any(map(has_personal_name, path)) or is_personal_value(value)
    if hidden or kind in ("object", "array", "null"):
        return kind
    return f"{kind} {dump_json(value).decode()}"


def type_of(value: Any) -> str:
    """As JSON Schema calls it."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "object" if isinstance(value, dict) else "array" if isinstance(value, list) else "number"


def offending(problems: list[Problem], told: Mapping[str, Any]) -> dict[str, Any]:
    """The properties that the problems are about, as they came: what mode omit takes out. Of a fault within an object
    it is the whole object."""
    names = {each.top for each in problems if each.code not in ABOUT_NAMES}
    return {name: told[name] for name in told if name in names}
