"""Tracking plans in words."""

from typing import Any

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ingestion.forms.tracking import MODE_WORDS, NAMING_WORDS, TYPE_WORDS
from ingestion.models import Violation
from ingestion.models.events import EventKind
from ingestion.rules.tracking_changes import Change
from ingestion.rules.tracking_rows import Row

register = template.Library()
_MODES, _NAMINGS, _TYPES = dict(MODE_WORDS), dict(NAMING_WORDS), dict(TYPE_WORDS)


@register.filter
def mode_words(mode: str) -> str:
    """Flag: store it, and mark …"""
    return str(_MODES[mode])


@register.filter
def mode_name(mode: str) -> str:
    """Flag"""
    return str(_MODES[mode]).partition(":")[0]


@register.filter
def naming_words(convention: str) -> str:
    return str(_NAMINGS[convention])


@register.filter
def change_words(change: Change) -> str:
    """A difference between two versions as a sentence."""
    if change.property:
        return f"{change.event}, “{change.property}”: {_of_property(change)}"
    if change.event:
        return f"{change.event}: {_of_event(change)}"
    return _of_plan(change)


def _of_plan(change: Change) -> str:
    before, after = change.before, change.after
    match change.what:
        case "mode":
            return _("Mode is %(after)s instead of %(before)s.") % {
                "before": mode_name(before),
                "after": mode_name(after),
            }
        case "unplanned_events":
            return (
                _("Events that are not in the plan depart from it.")
                if after
                else _("Events that are not in the plan may come.")
            )
    whose = _("Names of events") if change.what == "event_naming" else _("Names of properties")
    return f"{whose}: {naming_words(after)} ({_('before')}: {naming_words(before)})."


def _of_event(change: Change) -> str:
    match change.what:
        case "event_added":
            text = ngettext("added, with %(n)d property.", "added, with %(n)d properties.", change.after)
            return text % {"n": change.after}
        case "event_removed":
            return _("taken out of the plan.")
        case "is_open":
            return (
                _("other properties may come.")
                if change.after
                else _("other properties depart from the plan.")
            )
        case "schema":
            return _("its JSON Schema is another one.")
    return _("it is described in other words.")


def _of_property(change: Change) -> str:
    match change.what:
        case "property_added":
            return _("added: %s.") % row_words(change.after)
        case "property_removed":
            return _("taken out of the plan.")
        case "type":
            return _("%(after)s instead of %(before)s.") % {
                "before": type_words(change.before),
                "after": type_words(change.after),
            }
        case "is_required":
            return _("required.") if change.after else _("not required any more.")
        case "may_be_null":
            return _("may be null.") if change.after else _("may not be null any more.")
        case "allowed":
            return _("only %(after)s; before: %(before)s.") % {
                "after": _values(change.after),
                "before": _values(change.before),
            }
    return _("described in other words.")


@register.filter
def row_words(row: Row) -> str:
    """text, required, only free or pro"""
    words = [type_words(row.type)]
    if row.is_required:
        words.append(_("required"))
    if row.may_be_null:
        words.append(_("may be null"))
    if row.allowed:
        words.append(_("only %s") % _values(row.allowed))
    return ", ".join(words)


@register.filter
def type_words(kind: str) -> str:
    """whole number"""
    return str(_TYPES[kind]).partition(":")[0]


def _values(values: tuple[Any, ...]) -> str:
    return ", ".join(str(value) for value in values) if values else _("any value")


@register.filter
def expected_words(violation: Violation) -> str:
    """What was expected, a convention by its name."""
    if violation.code in (Violation.Code.EVENT_NAME, Violation.Code.PROPERTY_NAME):
        return naming_words(violation.expected)
    return violation.expected


@register.filter
def kind_name(kind: int) -> str:
    """track, page …"""
    return str(EventKind(kind).label)
