"""What is wrong with a definition, in words a business person can act on. Pure: the caller passes the function that
translates (it is called `_` here, so that the translators' tools find the texts)."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches

from scoring.rules.joined import MOST_TESTS, Circle, by_name, size_of
from scoring.rules.spec import (
    BUILT_IN,
    IN_LIST,
    NEXT_DAYS,
    NOT_IN_LIST,
    ON_EVENTS,
    OWN_IDS,
    PAST_DAYS,
    POINTS_LIMIT,
    SIGNALS_LIMIT,
    WITH_AMOUNT,
    Level,
    RuleMode,
    SignalKind,
    SignalSpec,
    Spec,
    WindowKind,
    is_plan_trait,
)

LONGEST_DAYS = 3650
LONGEST_HOURS = LONGEST_DAYS * 24
MOST_REQUALIFY_DAYS = 3650
LIST_TESTS = {IN_LIST, NOT_IN_LIST}
DAY_TESTS = {NEXT_DAYS, PAST_DAYS}
TRAIT_OPERATORS = {"eq", "ne", "in", "contains", "gte", "lte", "known"} | LIST_TESTS | DAY_TESTS

Translate = Callable[[str], str]


@dataclass(frozen=True)
class Problem:
    """One thing to mend. `field` says where: "enter_threshold", "signals", "signals.0.window_length", "bands.1.minimum"
    (places count from 0 in the order given)."""

    field: str
    message: str


@dataclass(frozen=True)
class ActionFacts:
    """What is known about an action version that a signal may use."""

    has_number: bool


def validate(
    spec: Spec,
    known: Mapping[int, ActionFacts],
    translate: Translate = lambda text: text,
    lists: Collection[str] = (),
    limits: Collection[int] = (),
) -> list[Problem]:
    """Everything wrong with the spec; empty when it can be published. `known`: action versions that may be used;
    `lists`: keys of lists that may be, beside the built-in ones; `limits`: places of signals whose limit may be."""
    problems: list[Problem] = []
    for place, signal in enumerate(spec.signals):
        found = list(_signal_problems(signal, known, translate))
        if signal.kind == SignalKind.TRAIT and signal.trait_operator in LIST_TESTS:
            found += _list_problems(signal, spec.level, lists, translate)
        if signal.kind == SignalKind.USAGE:
            found += _usage_problems(signal, spec.level, place in limits, translate)
        elif is_plan_trait(signal.trait_name) and spec.level == Level.PERSON:
            found.append(("trait_name", translate("Plans belong to accounts, and persons are scored here.")))
        if signal.kind == SignalKind.RULE:
            found += _rule_problems(signal, spec, translate)
        found += _gate_problems(signal, spec, translate)
        problems += [Problem(f"signals.{place}.{field}", message) for field, message in found]
    problems += _duplicates(spec, translate)
    problems += [Problem(*found) for found in _threshold_problems(spec, translate)]
    problems += [Problem(*found) for found in _band_problems(spec, translate)]
    return problems


def most_points(signal: SignalSpec) -> int:
    """The most a signal can add, in hundredths; 0 for one that only takes away."""
    if signal.points <= 0:
        return 0
    cap = POINTS_LIMIT if signal.points_cap is None else min(signal.points_cap, POINTS_LIMIT)
    if not signal.per_occurrence or signal.kind not in WITH_AMOUNT:
        return min(signal.points, cap)
    if signal.at_most is not None:
        return min(signal.points * int(signal.at_most), cap)
    if signal.kind == SignalKind.DISTINCT_DAYS and signal.window == WindowKind.DAYS:
        return min(signal.points * max(signal.window_length or 0, 0), cap)
    return cap


def format_points(hundredths: int) -> str:
    """1250 -> "12.5", 5000 -> "50"."""
    return f"{Decimal(hundredths) / 100:f}"


def _signal_problems(
    signal: SignalSpec, known: Mapping[int, ActionFacts], _: Translate
) -> Iterator[tuple[str, str]]:
    if not signal.name.strip():
        yield "name", _("Give the signal a name: reps see it as the reason.")
    if abs(signal.points) > POINTS_LIMIT:
        yield "points", _("Use at most 100,000 points.")
    if signal.points_cap is not None and signal.points_cap <= 0:
        yield "points_cap", _("“At most” must be more than 0. Leave it empty for no limit.")
    if signal.kind == SignalKind.TRAIT:
        yield from _trait_problems(signal, _)
    elif signal.kind in ON_EVENTS:
        yield from _action_problems(signal, known, _)


def _action_problems(
    signal: SignalSpec, known: Mapping[int, ActionFacts], _: Translate
) -> Iterator[tuple[str, str]]:
    facts = known.get(signal.action_version_id) if signal.action_version_id is not None else None
    if facts is None:
        yield "action", _("Choose an action of this business unit or a corporate one.")
    elif signal.kind in (SignalKind.SUM, SignalKind.MAX) and not facts.has_number:
        yield (
            "action",
            _("This action has no number to sum. Set “number to sum” on the action, or count it instead."),
        )
    if signal.at_least <= 0:
        yield "at_least", _("“At least” must be more than 0.")
    whole = signal.kind in (SignalKind.COUNT, SignalKind.DISTINCT_DAYS)
    if whole and signal.at_least != signal.at_least.to_integral_value():
        yield "at_least", _("Counts are whole numbers: use a number without decimals.")
    if signal.at_most is not None and signal.at_most < signal.at_least:
        yield "at_most", _("“At most” must not be less than “at least”: nobody would ever have both.")
    if whole and signal.at_most is not None and signal.at_most != signal.at_most.to_integral_value():
        yield "at_most", _("Counts are whole numbers: use a number without decimals.")
    is_open = signal.points_cap is None and signal.at_most is None
    if signal.kind in (SignalKind.SUM, SignalKind.MAX) and signal.per_occurrence and is_open:
        yield (
            "points_cap",
            _(
                "Points for each unit of a number need an “at most”: one large amount would decide everything."
            ),
        )
    yield from _window_problems(signal, _)


def _rule_problems(rule: SignalSpec, spec: Spec, _: Translate) -> Iterator[tuple[str, str]]:
    known = by_name(spec)
    if rule.rule_mode not in set(RuleMode):
        yield (
            "rule_mode",
            _("Choose how the signals are joined: all, any, at least so many, or none of them."),
        )
    if not rule.rule_of:
        yield "rule_members", _("Name the signals it is about, each on a line of its own.")
    for name in rule.rule_of:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            hint = _(" Did you mean “%(name)s”?") % {"name": close[0]} if close else ""
            yield "rule_members", _("There is no signal called “%(name)s”.") % {"name": name} + hint
    if rule.rule_mode == RuleMode.AT_LEAST and not 1 <= rule.at_least <= len(rule.rule_of):
        yield (
            "at_least",
            _("Use a number from 1 to %(most)s: so many signals are named.") % {"most": len(rule.rule_of)},
        )
    try:
        if size_of(rule, known) > MOST_TESTS:
            text = _("With the rules it names this comes to more than %(most)s tests. Make it smaller.")
            yield "rule_members", text % {"most": MOST_TESTS}
    except Circle as circle:
        way = " → ".join(f"“{name}”" for name in circle.names)
        yield "rule_members", _("Rules go around in a circle: %(way)s. Take one of them out.") % {"way": way}


def _gate_problems(signal: SignalSpec, spec: Spec, _: Translate) -> Iterator[tuple[str, str]]:
    is_named = any(signal.name in other.rule_of for other in spec.signals)
    if signal.points == 0 and not (signal.is_required or signal.is_excluding or is_named):
        yield "points", _("A signal of 0 points changes nothing. Give it points, or mark it as required.")
    if signal.is_required and signal.is_excluding:
        yield "is_excluding", _("Nobody ever qualifies: it is required and excludes at once. Choose one.")
    required = {other.name for other in spec.signals if other.is_required}
    if signal.is_required and signal.rule_mode == RuleMode.NONE and (both := required & set(signal.rule_of)):
        text = _("Nobody ever qualifies: this asks for none of “%(name)s”, which is required itself.")
        yield "rule_members", text % {"name": min(both)}
    if signal.is_excluding and signal.rule_mode in (RuleMode.ANY, RuleMode.ALL):
        held = required & set(signal.rule_of)
        if held and (signal.rule_mode == RuleMode.ANY or held == set(signal.rule_of)):
            text = _("Nobody ever qualifies: this excludes whoever has “%(name)s”, which is required.")
            yield "is_excluding", text % {"name": min(held)}


def _window_problems(signal: SignalSpec, _: Translate) -> Iterator[tuple[str, str]]:
    if signal.kind == SignalKind.RECENCY and signal.window == WindowKind.EVER:
        yield (
            "window",
            _("“Happened lately” needs a window, such as the last 7 days. For all time use “Ever happened”."),
        )
    if signal.window == WindowKind.EVER:
        return
    length = signal.window_length
    longest = LONGEST_DAYS if signal.window == WindowKind.DAYS else LONGEST_HOURS
    if length is None or length < 1:
        yield "window_length", _("The window must be at least 1 long.")
    elif length > longest:
        yield (
            "window_length",
            _("The window can be at most %(longest)s long (10 years). For all time choose “ever”.")
            % {"longest": longest},
        )
    elif (
        signal.kind == SignalKind.DISTINCT_DAYS
        and signal.window == WindowKind.DAYS
        and signal.at_least > length
    ):
        yield (
            "at_least",
            _(
                "There are only %(days)s days in this window, so %(wanted)s different days can never be reached."
            )
            % {"days": length, "wanted": f"{signal.at_least.normalize():f}"},
        )


def _usage_problems(
    signal: SignalSpec, level: Level, is_usable: bool, _: Translate
) -> Iterator[tuple[str, str]]:
    if level == Level.PERSON:
        yield (
            "limit",
            _("Limits belong to the plans of accounts, and persons are scored here. Score accounts."),
        )
    elif not is_usable or signal.usage is None:
        yield "limit", _("Choose a limit of this business unit or a corporate one.")
    elif not signal.usage.allowances:
        yield (
            "limit",
            _("No plan has this limit (or none where it blocks), so it is never reached. Set it on a plan."),
        )
    if signal.at_least <= 0 or signal.at_least != signal.at_least.to_integral_value():
        yield "at_least", _("Use whole percent, for example 80, or 100 for “limit reached”.")


def _list_problems(
    signal: SignalSpec, level: Level, lists: Collection[str], _: Translate
) -> Iterator[tuple[str, str]]:
    if signal.list_ref not in lists and not signal.list_ref.startswith(BUILT_IN):
        yield "list", _("Choose a list of this business unit or a corporate one.")
    elif signal.list_kind in OWN_IDS and OWN_IDS[signal.list_kind] != level:
        if level == Level.ACCOUNT:
            yield (
                "list",
                _(
                    "This list holds user ids, and accounts are scored here. Choose one of accounts or domains."
                ),
            )
        else:
            yield (
                "list",
                _(
                    "This list holds account ids, and persons are scored here. Choose one of users or domains."
                ),
            )


def _trait_problems(signal: SignalSpec, _: Translate) -> Iterator[tuple[str, str]]:
    if not signal.trait_name.strip() and signal.list_kind not in OWN_IDS:
        yield "trait_name", _("Name the trait to test, for example plan.")
    if signal.trait_operator not in TRAIT_OPERATORS:
        yield (
            "trait_operator",
            _(
                "Choose a test: is, is not, is one of, contains, is at least, is at most, is known, or is in a list."
            ),
        )
    elif signal.trait_operator != "known" and signal.trait_operator not in LIST_TESTS:
        if not signal.trait_values:
            yield "trait_value", _("Give a value to compare with, or test “is known”.")
        elif signal.trait_operator in DAY_TESTS and not _is_days(signal.trait_values[0]):
            yield "trait_value", _("Say how many days, from 0 to 3650, for example 7.")
        elif signal.trait_operator in ("gte", "lte") and not _is_number(signal.trait_values[0]):
            yield (
                "trait_value",
                _("“%(value)s” is not a number. “Is at least” and “is at most” need one, for example 50.")
                % {"value": signal.trait_values[0]},
            )


def _threshold_problems(spec: Spec, _: Translate) -> Iterator[tuple[str, str]]:
    if not spec.signals:
        yield "signals", _("Add at least one signal: without any, nobody gets points.")
    if len(spec.signals) > SIGNALS_LIMIT:
        yield "signals", _("Use at most %(limit)s signals.") % {"limit": SIGNALS_LIMIT}
    if spec.enter_threshold <= 0:
        yield "enter_threshold", _("The threshold must be more than 0, or everybody would be a PQL.")
    if spec.exit_threshold > spec.enter_threshold:
        yield (
            "exit_threshold",
            _(
                "A PQL enters at %(enter)s but would leave at %(exit)s. Set “stays one down to” to %(enter)s or less."
            )
            % {"exit": format_points(spec.exit_threshold), "enter": format_points(spec.enter_threshold)},
        )
    most = sum(most_points(signal) for signal in spec.signals)
    if spec.signals and most < spec.enter_threshold:
        yield (
            "enter_threshold",
            _(
                "These signals can give at most %(most)s points, so nobody ever reaches %(threshold)s. "
                "Lower the threshold to %(most)s or less, or give more points."
            )
            % {"most": format_points(most), "threshold": format_points(spec.enter_threshold)},
        )
    if not 0 <= spec.requalify_after_days <= MOST_REQUALIFY_DAYS:
        yield "requalify_after_days", _("Use 0 to 3650 days.")


def _band_problems(spec: Spec, _: Translate) -> Iterator[tuple[str, str]]:
    if not spec.bands:
        yield "bands", _("Add at least one band, for example “hot”, from the threshold up.")
        return
    if spec.enter_threshold not in {band.minimum for band in spec.bands}:
        yield (
            "bands",
            _(
                "One band must start exactly at the threshold of %(threshold)s, so that every PQL is in a band."
            )
            % {"threshold": format_points(spec.enter_threshold)},
        )
    most = sum(most_points(signal) for signal in spec.signals)
    for place, band in enumerate(spec.bands):
        if not band.name.strip():
            yield f"bands.{place}.name", _("Give the band a name.")
        if spec.signals and band.minimum > most:
            yield (
                f"bands.{place}.minimum",
                _("Nobody reaches this band: the signals give at most %(most)s points.")
                % {"most": format_points(most)},
            )


def _duplicates(spec: Spec, _: Translate) -> Iterator[Problem]:
    message = _("This is used twice. Every one needs its own.")
    names = [signal.name.strip().lower() for signal in spec.signals]
    for place in _repeated(names):
        yield Problem(f"signals.{place}.name", message)
    for place in _repeated([band.name.strip().lower() for band in spec.bands]):
        yield Problem(f"bands.{place}.name", message)
    for place in _repeated([str(band.minimum) for band in spec.bands]):
        yield Problem(f"bands.{place}.minimum", message)


def _repeated(names: list[str]) -> list[int]:
    """Places of all but the first of each name that occurs more than once."""
    counts = Counter(names)
    return [place for place, name in enumerate(names) if name and counts[name] > 1 and name in names[:place]]


def _is_days(text: str) -> bool:
    return text.isascii() and text.isdigit() and int(text) <= LONGEST_DAYS


def _is_number(text: str) -> bool:
    try:
        return Decimal(text.strip()).is_finite()
    except InvalidOperation:
        return False
