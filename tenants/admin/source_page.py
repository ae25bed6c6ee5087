"""What the page of a source shows: its keys with how they are used, and how much it sends."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.text import get_text_list
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from charts import ProgressBar, Sparkline, Svg, draw
from tenants.models import Source, WriteKey
from tenants.quotas import Usage, events_by_day, usage_of

IN_USE = timedelta(minutes=10)  # use is noted every five minutes
QUIET = timedelta(days=1)
SHORT_SCOPES = {
    WriteKey.Scope.EVENTS: "events",
    WriteKey.Scope.PROFILES: "profiles",
    WriteKey.Scope.SETTINGS: "settings",
}


@dataclass(frozen=True)
class KeyLine:
    """A live key, what it may do, when it was used, and what that means for a change of keys."""

    key: WriteKey
    may: str
    used: str
    advice: str = ""
    is_urgent: bool = False


@dataclass(frozen=True)
class UsagePanel:
    """Events of the running day or month against the quota, and the last 30 days."""

    usage: Usage
    bar: Svg | None
    course: Svg
    total: int


def key_lines(live: Sequence[WriteKey], now: datetime) -> list[KeyLine]:
    """`live` with the newest key first."""
    newest = live[0] if live else None
    return [_line(key, newest if key is not newest else None, now) for key in live]


def _line(key: WriteKey, successor: WriteKey | None, now: datetime) -> KeyLine:
    may = get_text_list([str(SHORT_SCOPES[WriteKey.Scope(scope)]) for scope in key.scopes], _("and"))
    if key.last_used_at is None:
        advice = _("Never used since the newer key was made: revoke it.") if successor else ""
        return KeyLine(key, may, _("never"), advice)
    ago = timesince(key.last_used_at, now, depth=1)
    if now - key.last_used_at < IN_USE:
        used = _("in use, %(ago)s ago") % {"ago": ago}
    else:
        used = _("%(ago)s ago") % {"ago": ago}
    if successor is None:
        return KeyLine(key, may, used)
    if now - key.last_used_at < QUIET:
        still = _("Still used %(ago)s ago: deploy the newer key before this one ends.") % {"ago": ago}
        return KeyLine(key, may, used, still, is_urgent=True)
    return KeyLine(key, may, used, _("Not used for %(ago)s: it can be revoked.") % {"ago": ago})


def usage_panel(source: Source, now: datetime) -> UsagePanel:
    usage = usage_of(source.pk, quota=source.quota_events, period=source.quota_period, now=now)
    days = events_by_day(source.pk, now=now)
    bar = None
    if usage.quota is not None:
        bar = draw(
            ProgressBar(title=_("Used of the quota"), value=usage.events, maximum=usage.quota), width=320
        )
    course = draw(Sparkline(title=_("Events received per day, last 30 days"), values=days), width=320)
    return UsagePanel(usage, bar, course, sum(days))
