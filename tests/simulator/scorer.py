"""A naive scorer of suggested definitions: every message, in UTC days. For plausibility, not for truth."""

from collections import defaultdict
from datetime import datetime, timedelta


def collect(messages, truth, known_before):
    """Events and current traits per subject, humans only: {"person"|"account": {id: ...}} twice."""
    events = {"person": defaultdict(list), "account": defaultdict(list)}
    traits = {"person": defaultdict(dict), "account": defaultdict(dict)}
    unwanted = truth.internal_user_ids | truth.bot_user_ids | truth.bot_anonymous_ids
    seen = set()
    for message in messages:
        user, at = message.get("userId"), datetime.fromisoformat(message["timestamp"])
        account = message["context"].get("groupId")
        if at >= known_before or user in unwanted or user is None or message["messageId"] in seen:
            continue
        seen.add(message["messageId"])
        traits["person"][user]  # every identified person is a subject
        traits["account"][account]
        if message["type"] == "identify":
            traits["person"][user].update(message["traits"])
        elif message["type"] == "group":
            traits["account"][account].update(message["traits"])
        elif message["type"] == "track":
            event = (at, message["event"], message["properties"])
            events["person"][user].append(event)
            events["account"][account].append(event)
    return events, traits


def points(definition, events, traits, as_of):
    """{subject id: points} as of a moment."""
    kind = definition.subject
    return {
        subject: sum(s.points for s in definition.signals if holds(s, events[kind][subject], found, as_of))
        for subject, found in list(traits[kind].items())
    }


def holds(signal, events, traits, as_of):
    if signal.kind == "trait":
        found = traits.get(signal.trait)
        if found is None:
            return False
        return {">=": lambda: found >= signal.value, "=": lambda: found == signal.value,
                "in": lambda: found in signal.value}[signal.operator]()  # fmt: skip
    action = signal.action
    since = as_of - timedelta(days=signal.window_days or 10_000)
    matched = [
        (at, properties) for at, event, properties in events
        if event == action.event and since <= at < as_of
        and all(properties.get(key) == value for key, value in action.filters)
    ]  # fmt: skip
    value = {
        "count": lambda: len(matched), "milestone": lambda: len(matched), "recency": lambda: len(matched),
        "distinct_days": lambda: len({at.date() for at, _ in matched}),
        "sum": lambda: sum(properties[action.number] for _, properties in matched),
    }[signal.kind]()  # fmt: skip
    return value >= signal.value
