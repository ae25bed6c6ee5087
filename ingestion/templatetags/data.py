"""What received data looks like in templates."""

import json
import re
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.translation import gettext as _

from charts import ProgressBar, draw
from ingestion.forms.actions import TESTS
from ingestion.models import ImportRun
from ingestion.models.events import EventKind
from ingestion.models.subjects import shown_text

register = template.Library()
_LONE = re.compile("[\ud800-\udfff]")


@register.filter
def pretty_json(value: Any) -> str:
    """Indented, readable in any script, keys in the order received. Half an emoji stays written out, as it was sent: no
    page can show it."""
    text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    return _LONE.sub(lambda half: f"\\u{ord(half[0]):04x}", text)


@register.filter
def for_viewer(text: str) -> str:
    """A text in which an e-mail address may be, for whoever is looking."""
    return shown_text(str(text))


@register.filter
def event_kind(kind: int) -> str:
    """track, identify, page …"""
    return str(EventKind(kind).label)


@register.filter
def json_text(text: str) -> str:
    """JSON text indented; text that is none stays as it is."""
    try:
        return pretty_json(json.loads(text))
    except (ValueError, RecursionError):
        return text


@register.filter
def filter_words(each: dict[str, Any]) -> str:
    """plan is one of pro, team"""
    value = each.get("value", "")
    shown = ", ".join(str(part) for part in value) if isinstance(value, list) else str(value)
    return f"{each['property']} {dict(TESTS)[each['op']]} {shown}".strip()


@register.filter
def percent(share: float) -> str:
    """A share from 0 to 1 in whole percent; never 0 % of some, nor 100 % of not all."""
    if 0 < share < 0.005:
        return "< 1 %"
    return "> 99 %" if 0.995 <= share < 1 else f"{round(share * 100)} %"


@register.filter
def progress(share: float) -> str:
    """A bar from 0 to 1, with the percentage behind it."""
    percent = round(share * 100)
    bar = draw(ProgressBar(title=_("Progress"), value=percent, maximum=100, show_value=False), width=160)
    return format_html('<span class="pq-progress">{} {}%</span>', bar, percent)


@register.filter
def import_state(run: ImportRun) -> str:
    """The state of an import as a tag."""
    looks = {
        ImportRun.State.DONE: " pq-tag-good",
        ImportRun.State.FAILED: " pq-tag-bad",
        ImportRun.State.PAUSED: " pq-tag-warn",
    }
    return format_html('<span class="pq-tag{}">{}</span>', looks.get(run.state, ""), run.get_state_display())  # type: ignore[call-overload]


@register.filter
def channel(value: str) -> str:
    """A channel of a marketing touch in words."""
    words = {
        "paid search": _("paid search"),
        "paid social": _("paid social"),
        "display": _("display"),
        "search": _("search"),
        "social": _("social"),
        "email": _("e-mail"),
        "affiliate": _("affiliate"),
        "ai assistant": _("AI assistant"),
        "referral": _("referral"),
        "other campaign": _("other campaign"),
    }
    return words.get(value, value)
