"""The audit log in words. Rows hold ids and a verb such as `write_key.issued`; names are looked up when it is read."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.apps import apps
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.models import AuditEvent
from tenants.queries import names_of

# Where the verb's last word alone does not make a sentence.
PHRASES = {
    "settings_changed": gettext_lazy("changed the settings of"),
    "expiry_set": gettext_lazy("set an end to"),
    "granted": gettext_lazy("gave a role to"),
    "ended": gettext_lazy("removed"),
    "entered": gettext_lazy("switched to"),
    "sample_requested": gettext_lazy("asked for sample data beside"),
    "sample_removed": gettext_lazy("removed the sample data of"),
}
Target = tuple[str, str]


def kind_name(label: str) -> str:
    """`tenants.writekey` as people say it: write key."""
    try:
        return str(apps.get_model(label)._meta.verbose_name)
    except LookupError:
        return label.rpartition(".")[2]


def audit_sentences(events: Iterable[AuditEvent]) -> dict[int, str]:
    """A sentence for each event, by its id. One query for the people and one for each kind of thing named."""
    rows = list(events)
    people = names_of(row.actor_id for row in rows)
    names = _names({(row.target_type, row.target_id) for row in rows})
    return {row.pk: _sentence(row, people, names) for row in rows}


def _sentence(event: AuditEvent, people: dict[UUID, str], names: dict[Target, str]) -> str:
    word = event.verb.rpartition(".")[2]
    key = (event.target_type, event.target_id)
    who = people.get(event.actor_id, _("A former user")) if event.actor_id else event.actor_label.capitalize()
    return _("%(who)s %(did)s %(kind)s %(what)s") % {
        "who": who,
        "did": str(PHRASES.get(word, word.replace("_", " "))),
        "kind": kind_name(event.target_type),
        "what": f"“{names[key]}”" if key in names else f"({event.target_id[:8]}, {_('gone')})",
    }


def _names(targets: set[Target]) -> dict[Target, str]:
    keys: dict[str, list[str]] = defaultdict(list)
    for label, key in targets:
        keys[label].append(key)
    found: dict[Target, str] = {}
    for label, wanted in keys.items():
        for row in _rows(label, wanted):
            found[label, str(row.pk)] = str(row)
    return found


def _rows(label: str, keys: list[str]) -> Iterable[Any]:
    try:
        model: Any = apps.get_model(label)
        return model._base_manager.filter(pk__in=keys).select_related()
    except (LookupError, ValueError, ValidationError):  # a kind or a key of another time
        return []
