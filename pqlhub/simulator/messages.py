"""Happenings as Segment-shaped messages."""

from __future__ import annotations

import json
from typing import Any

from pqlhub.simulator.journal import Happening
from pqlhub.simulator.lifecycle import iso
from pqlhub.simulator.names import SIGNUP_SOURCES

Message = dict[str, Any]
_BROWSER = {"name": "analytics.js", "version": "npm:next-1.81.0"}
_SERVER = {"name": "analytics-python", "version": "2.3.5"}


def message_id(run: str, happening: Happening) -> str:
    """The same for the same happening of the same run; at most 60 characters."""
    return f"nw-{run}-{happening.stream}-{happening.sequence:06d}"


def render(run: str, happening: Happening) -> Message:
    """One message as an SDK would put it into a batch; `run` tells histories with other arguments apart."""
    message: Message = {
        "type": happening.type,
        "messageId": message_id(run, happening),
        "timestamp": iso(happening.at),
        "context": _context(happening),
    }
    if happening.person is not None:
        message["userId"] = happening.person.user_id
    if happening.anonymous_id is not None:
        message["anonymousId"] = happening.anonymous_id
    if happening.type == "track":
        message["event"] = happening.name
        message["properties"] = dict(happening.data)
    elif happening.type == "page":
        message["name"] = happening.name
        message["properties"] = dict(happening.data)
    else:
        message["traits"] = dict(happening.data)
        if happening.type == "group":
            message["groupId"] = happening.account_id
    return message


def _context(happening: Happening) -> Message:
    if happening.user_agent is None:
        context: Message = {"library": dict(_SERVER)}
    else:
        context = {"library": dict(_BROWSER), "userAgent": happening.user_agent}
        if happening.account is not None:
            context["timezone"] = happening.account.country.zone
    if happening.account_id is not None:
        context["groupId"] = happening.account_id
    if "utm_campaign" in happening.data:
        name = happening.data["utm_campaign"]
        source = next(each for each in SIGNUP_SOURCES if each.campaign == name)
        context["campaign"] = {"name": name, "source": source.utm_source, "medium": source.utm_medium}
    return context


def to_json_line(message: Message) -> str:
    """Compact JSON in the message's own key order, without a line end."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))
