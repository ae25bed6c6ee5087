"""Specs in words: what a signal says, and what changed between two versions. Pure; texts are translated by the function
the caller passes (it is called `_`, so that the translators' tools find the texts)."""

from collections.abc import Callable, Mapping
from dataclasses import fields

from scoring.rules.spec import (
    FIRST_TOUCH,
    LAST_TOUCH,
    OWN_IDS,
    PLAN_TRAITS,
    RuleMode,
    SignalKind,
    SignalSpec,
    Spec,
    WindowKind,
)
from scoring.rules.validation import format_points

Translate = Callable[[str], str]
ActionNames = Mapping[int, str]  # by action version

_IGNORED = {"key", "name"}  # a signal's place and its name are told apart otherwise


def describe_signal(signal: SignalSpec, actions: ActionNames, _: Translate) -> str:
    """What must be true, for example: “Signed In” on at least 3 different days, last 7 days."""
    if signal.kind == SignalKind.TRAIT:
        return _describe_trait(signal, _)
    if signal.kind == SignalKind.RULE:
        return _describe_rule(signal, _)
    amount = _amount(signal, _)
    if signal.usage is not None:
        return _("%(limit)s used to %(amount)s %% of what the plan allows") % {
            "limit": signal.usage.limit,
            "amount": amount,
        }
    values = {"action": actions.get(signal.action_version_id or 0, "?"), "amount": amount}
    texts = {
        SignalKind.COUNT: _("“%(action)s” %(amount)s times"),
        SignalKind.DISTINCT_DAYS: _("“%(action)s” on %(amount)s different days"),
        SignalKind.SUM: _("sum of “%(action)s” %(amount)s"),
        SignalKind.MAX: _("greatest number of “%(action)s” %(amount)s"),
        SignalKind.MILESTONE: _("“%(action)s” has happened"),
        SignalKind.RECENCY: _("“%(action)s” happened"),
    }
    if signal.kind == SignalKind.COUNT and signal.at_least == 1 and signal.at_most is None:
        texts[signal.kind] = _("“%(action)s” at least once")
    text = texts[signal.kind] % values
    window = describe_window(signal, _)
    return f"{text}, {window}" if window else text


def _amount(signal: SignalSpec, _: Translate) -> str:
    """at least 3; 3 to 5."""
    least = f"{signal.at_least.normalize():f}"
    if signal.at_most is None:
        return _("at least %(amount)s") % {"amount": least}
    return _("%(least)s to %(most)s") % {"least": least, "most": f"{signal.at_most.normalize():f}"}


def _describe_rule(signal: SignalSpec, _: Translate) -> str:
    texts = {
        RuleMode.ALL: _("all of %(names)s"),
        RuleMode.ANY: _("any of %(names)s"),
        RuleMode.AT_LEAST: _("at least %(amount)s of %(names)s"),
        RuleMode.NONE: _("none of %(names)s"),
    }
    names = ", ".join(f"“{name}”" for name in signal.rule_of)
    return texts[RuleMode(signal.rule_mode)] % {"names": names, "amount": f"{signal.at_least.normalize():f}"}


def describe_window(signal: SignalSpec, _: Translate) -> str:
    """ "in the last 7 days"; empty for all time."""
    if signal.window == WindowKind.EVER:
        return ""
    texts = {WindowKind.DAYS: _("last %(n)s days"), WindowKind.HOURS: _("last %(n)s hours")}
    return texts[signal.window] % {"n": signal.window_length}


def describe_points(signal: SignalSpec, _: Translate) -> str:
    """+20, or: +2 for each, at most 10; and whether nobody qualifies without it."""
    parts = [f"{'+' if signal.points >= 0 else '−'}{format_points(abs(signal.points))}"]
    if signal.per_occurrence:
        parts[0] = _("%(points)s for each") % {"points": parts[0]}
    if signal.points_cap is not None:
        parts.append(_("at most %(cap)s") % {"cap": format_points(signal.points_cap)})
    if signal.is_required:
        parts.append(_("required"))
    if signal.is_excluding:
        parts.append(_("nobody qualifies with it"))
    return ", ".join(parts)


def describe_changes(old: Spec, new: Spec, actions: ActionNames, _: Translate) -> list[str]:
    """What is different in `new`, one sentence each; empty when nothing that decides a score changed."""
    return [
        *_threshold_changes(old, new, _),
        *_signal_changes(old, new, actions, _),
        *_band_changes(old, new, _),
        *_zone_changes(old, new, _),
    ]


def _describe_trait(signal: SignalSpec, _: Translate) -> str:
    texts = {
        "eq": _("%(trait)s is %(value)s"),
        "ne": _("%(trait)s is not %(value)s"),
        "in": _("%(trait)s is one of %(value)s"),
        "contains": _("%(trait)s contains %(value)s"),
        "gte": _("%(trait)s is at least %(value)s"),
        "lte": _("%(trait)s is at most %(value)s"),
        "known": _("%(trait)s is known"),
        "next_days": _("%(trait)s is in the next %(value)s days"),
        "past_days": _("%(trait)s was in the last %(value)s days"),
        "in_list": _("%(trait)s is in the list %(value)s"),
        "not_in_list": _("%(trait)s is not in the list %(value)s"),
    }
    value = ", ".join(f"“{value}”" for value in signal.trait_values or (signal.list_name,))
    own = {"user_id": _("user id"), "account_key": _("account id")}
    if signal.trait_operator in ("next_days", "past_days"):
        value = signal.trait_values[0]
    trait = own[signal.list_kind] if signal.list_kind in OWN_IDS else signal.trait_name
    trait = (plan_words(_) | touch_words(_)).get(trait, trait)
    return texts[signal.trait_operator] % {"trait": trait, "value": value}


def plan_words(_: Translate) -> dict[str, str]:
    """What is known of an account's plan, by the trait it is read as."""
    return {
        f"{PLAN_TRAITS}plan": _("account plan"),
        f"{PLAN_TRAITS}status": _("plan status"),
        f"{PLAN_TRAITS}trial_start": _("first day of the trial"),
        f"{PLAN_TRAITS}trial_end": _("last day of the trial"),
        f"{PLAN_TRAITS}period_start": _("first day of the billing period"),
    }


def touch_words(_: Translate) -> dict[str, str]:
    """How somebody came, by the trait it is read as."""
    first = {
        "channel": _("first channel"),
        "source": _("first campaign source"),
        "medium": _("first campaign medium"),
        "campaign": _("first campaign"),
        "term": _("first search term"),
        "content": _("first campaign content"),
        "referrer": _("first referrer"),
    }
    last = {
        "channel": _("last channel"),
        "source": _("last campaign source"),
        "medium": _("last campaign medium"),
        "campaign": _("last campaign"),
        "term": _("last search term"),
        "content": _("last campaign content"),
        "referrer": _("last referrer"),
    }
    named = {f"{FIRST_TOUCH}{facet}": words for facet, words in first.items()}
    return named | {f"{LAST_TOUCH}{facet}": words for facet, words in last.items()}


def _threshold_changes(old: Spec, new: Spec, _: Translate) -> list[str]:
    points = {
        "enter_threshold": _("Becomes a PQL at %(new)s points instead of %(old)s."),
        "exit_threshold": _("Stays one down to %(new)s points instead of %(old)s."),
    }
    found = [
        text % {"new": format_points(getattr(new, name)), "old": format_points(getattr(old, name))}
        for name, text in points.items()
        if getattr(new, name) != getattr(old, name)
    ]
    if new.requalify_after_days != old.requalify_after_days:
        text = _("Can qualify again after %(new)s days instead of %(old)s.")
        found.append(text % {"new": new.requalify_after_days, "old": old.requalify_after_days})
    return found


def _signal_changes(old: Spec, new: Spec, actions: ActionNames, _: Translate) -> list[str]:
    before = {signal.name: signal for signal in old.signals}
    after = {signal.name: signal for signal in new.signals}
    found = [
        _("Signal added: %(name)s (%(what)s; %(points)s).") % _said(signal, actions, _)
        for name, signal in after.items()
        if name not in before
    ]
    found += [
        _("Signal removed: %(name)s (%(what)s; %(points)s).") % _said(signal, actions, _)
        for name, signal in before.items()
        if name not in after
    ]
    for name in [name for name in after if name in before]:
        was, now = _said(before[name], actions, _), _said(after[name], actions, _)
        if was["what"] != now["what"]:
            text = _("%(name)s: now %(now)s; before %(was)s.")
            found.append(text % {"name": name, "now": now["what"], "was": was["what"]})
        if was["points"] != now["points"]:
            text = _("%(name)s gives %(now)s points instead of %(was)s.")
            found.append(text % {"name": name, "now": now["points"], "was": was["points"]})
        if was == now and _differ(before[name], after[name]):
            text = _("%(name)s counts by a newer edition of its action.")
            if after[name].list_ref:
                text = _("%(name)s reads a newer edition of its list.")
            found.append(text % {"name": name})
    return found


def _said(signal: SignalSpec, actions: ActionNames, _: Translate) -> dict[str, str]:
    return {
        "name": signal.name,
        "what": describe_signal(signal, actions, _),
        "points": describe_points(signal, _),
    }


def _differ(old: SignalSpec, new: SignalSpec) -> bool:
    names = [field.name for field in fields(SignalSpec) if field.name not in _IGNORED]
    return any(getattr(old, name) != getattr(new, name) for name in names)


def _band_changes(old: Spec, new: Spec, _: Translate) -> list[str]:
    before = {band.name: band.minimum for band in old.bands}
    after = {band.name: band.minimum for band in new.bands}
    found = []
    for name, minimum in after.items():
        if name not in before:
            text = _("Band added: %(name)s, from %(new)s points.")
            found.append(text % {"name": name, "new": format_points(minimum)})
        elif before[name] != minimum:
            text = _("Band %(name)s starts at %(new)s points instead of %(old)s.")
            found.append(
                text % {"name": name, "new": format_points(minimum), "old": format_points(before[name])}
            )
    found += [_("Band removed: %(name)s.") % {"name": name} for name in before if name not in after]
    return found


def _zone_changes(old: Spec, new: Spec, _: Translate) -> list[str]:
    if old.time_zone == new.time_zone:
        return []
    return [_("Days are cut in %(new)s instead of %(old)s.") % {"new": new.time_zone, "old": old.time_zone}]
