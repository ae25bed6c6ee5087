"""Random specs and histories, thick with moments where things go wrong: window edges, midnights, changes of clocks."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from scoring.rules.spec import (
    Allowance,
    BandSpec,
    Level,
    RuleMode,
    SignalKind,
    SignalSpec,
    Spec,
    UsageSpec,
    WindowKind,
)
from tests.scoring.reference import PastEvent, PastRow, PastTouch, PastTrait

TICK = timedelta(microseconds=1)
ACTIONS = (901, 902)
TRAITS = ("plan", "seats")
# (kind, values of its rows) by ref
LISTS = {
    "00000000-0000-7000-8000-000000000001": ("domain", ["acme.com", "mail.acme.com", "gmail.com"]),
    "00000000-0000-7000-8000-000000000002": ("user_id", ["a1", "b2", "A1"]),
    "00000000-0000-7000-8000-000000000003": ("account_key", ["x", "Y"]),
    "builtin:free_mail": ("domain", []),
}
OWN = {Level.PERSON: "user_id", Level.ACCOUNT: "account_key"}
# (zone, a local day on or beside which its clocks change)
CLOCKS = [
    ("UTC", date(2024, 2, 29)),
    ("Europe/Berlin", date(2024, 3, 31)),
    ("Europe/Berlin", date(2024, 10, 27)),
    ("Australia/Lord_Howe", date(2024, 4, 7)),  # half an hour
    ("Australia/Lord_Howe", date(2024, 10, 6)),
    ("Pacific/Chatham", date(2024, 4, 7)),  # +12:45, changes at 02:45
    ("Pacific/Chatham", date(2024, 9, 29)),
    ("Asia/Kathmandu", date(2024, 6, 1)),  # +05:45
    ("America/Sao_Paulo", date(2018, 11, 4)),  # midnight does not exist
    ("America/Sao_Paulo", date(2018, 2, 18)),  # 23:00 comes twice
    ("America/Havana", date(2024, 11, 3)),  # midnight comes twice
    ("Africa/Cairo", date(2024, 4, 26)),
    ("Pacific/Apia", date(2011, 12, 31)),  # the day before was left out
]


def midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)


@st.composite
def clocks(draw):
    """(zone, as_of near a change of clocks)."""
    name, day = draw(st.sampled_from(CLOCKS))
    edge = midnight(day + timedelta(days=draw(st.integers(-2, 3))), ZoneInfo(name))
    offset = draw(
        st.one_of(
            st.sampled_from([timedelta(0), TICK, -TICK]),
            st.integers(-30 * 60, 30 * 60).map(lambda minutes: timedelta(minutes=minutes)),
        )
    )
    return name, edge + offset


@st.composite
def moments(draw, zone: str, as_of: datetime):
    """Moments at edges of likely windows around as_of, or anywhere near."""
    tick = draw(st.sampled_from([timedelta(0), TICK, -TICK]))
    kind = draw(st.sampled_from(["now", "hours", "midnight", "anywhere"]))
    if kind == "now":
        return as_of + tick
    if kind == "hours":
        return as_of - timedelta(hours=draw(st.integers(-3, 50))) + tick
    if kind == "midnight":
        day = as_of.astimezone(ZoneInfo(zone)).date() + timedelta(days=draw(st.integers(-8, 2)))
        return midnight(day, ZoneInfo(zone)) + tick
    return as_of - timedelta(minutes=draw(st.integers(-2 * 24 * 60, 9 * 24 * 60)))


@st.composite
def list_tests(draw, level: Level):
    """The part of a spec that asks a list."""
    refs = [ref for ref, (kind, _values) in LISTS.items() if kind in ("domain", OWN[level])]
    ref = draw(st.sampled_from(refs))
    kind = LISTS[ref][0]
    return {
        "trait_name": draw(st.sampled_from(TRAITS)) if kind == "domain" else "",
        "trait_operator": draw(st.sampled_from(["in_list", "not_in_list"])),
        "list_ref": ref,
        "list_kind": kind,
        "list_edition": None if ref.startswith("builtin:") else draw(st.integers(1, 3)),
        "list_expires": not ref.startswith("builtin:"),
    }


@st.composite
def list_rows(draw, zone: str, as_of: datetime):
    """Rows of every list, thick with dates about today."""
    today = as_of.astimezone(ZoneInfo(zone)).date()
    dates = st.one_of(
        st.none(), st.sampled_from([-1, 0, 1, 70]).map(lambda days: today + timedelta(days=days))
    )
    found = {}
    for ref, (_kind, values) in LISTS.items():
        found[ref] = []
        for value in draw(st.lists(st.sampled_from(values), unique=True)) if values else []:
            since = draw(st.integers(1, 3))
            until = draw(st.one_of(st.none(), st.integers(since + 1, 4)))
            found[ref].append(PastRow(value, draw(dates), since, until))
    return found


@st.composite
def usages(draw):
    amounts = st.sampled_from([Decimal(1), Decimal(3), Decimal("2.5")])
    plans = draw(st.lists(st.sampled_from(["pro", "team"]), unique=True, min_size=1))
    is_told = draw(st.booleans())
    return UsageSpec(
        limit="Records",
        resets="never" if is_told else draw(st.sampled_from(["never", "month", "billing"])),
        allowances=tuple(Allowance(plan, draw(amounts), draw(st.sampled_from([1, 12]))) for plan in plans),
        action_version_id=None if is_told else ACTIONS[0],
        returning_version_id=None if is_told else draw(st.sampled_from([None, ACTIONS[1]])),
        gauge_trait="seats" if is_told else "",
    )


@st.composite
def plan_facts(draw, zone: str, as_of: datetime):
    """What is known of an account's plan, as traits."""
    ts, today = draw(moments(zone, as_of)), as_of.astimezone(ZoneInfo(zone)).date()
    fact = draw(st.sampled_from(["plan", "plan", "plan", "period_start", "trial_end"]))
    days = st.sampled_from([-400, -365, -31, -30, -2, -1, 0, 1, 2, 8]).map(
        lambda days: today + timedelta(days=days)
    )
    text = draw(st.sampled_from([None, "pro", "team"]) if fact == "plan" else days.map(str))
    received_at = ts + draw(st.sampled_from([timedelta(0), timedelta(days=2)]))
    return PastTrait(f"pqlhub.{fact}", text, None, ts, received_at, draw(st.sampled_from(["a", "b"])))


@st.composite
def signals(draw, place: int, level: Level):
    kinds = [kind for kind in SignalKind if level == Level.ACCOUNT or kind != SignalKind.USAGE]
    kinds.remove(SignalKind.RULE)  # drawn over the others, below
    kind = draw(st.sampled_from(kinds))
    common = {
        "key": str(place),
        "name": f"Signal {place} “100%” 'quoted'",
        "kind": kind,
        "points": draw(st.sampled_from([1000, 2500, 5000, -1500])),
        "points_cap": draw(st.sampled_from([None, None, 2000, 6000])),
        **draw(gates()),
    }
    if kind == SignalKind.USAGE:
        return SignalSpec(
            **common, at_least=Decimal(draw(st.sampled_from([50, 80, 100]))), usage=draw(usages())
        )
    if kind == SignalKind.TRAIT and draw(st.booleans()):
        operator = draw(st.sampled_from(["next_days", "past_days"]))
        name = draw(st.sampled_from([*TRAITS, "pqlhub.trial_end"] if level == Level.ACCOUNT else TRAITS))
        days = draw(st.sampled_from(["0", "1", "7"]))
        return SignalSpec(**common, trait_name=name, trait_operator=operator, trait_values=(days,))
    if kind == SignalKind.TRAIT and draw(st.booleans()):
        return SignalSpec(**common, **draw(list_tests(level)))
    if kind == SignalKind.TRAIT:
        operator = draw(st.sampled_from(["eq", "ne", "in", "contains", "gte", "lte", "known"]))
        numeric = operator in ("gte", "lte")
        value = draw(st.sampled_from(["10", "3.5"] if numeric else ["Pro", "10", "o", "fr%ee'"]))
        values = {"known": (), "in": (value, "team")}.get(operator, (value,))
        return SignalSpec(
            **common,
            trait_name=draw(st.sampled_from([*TRAITS, "pqlhub.first_source", "pqlhub.last_source"])),
            trait_operator=operator,
            trait_values=values,
        )
    window = draw(st.sampled_from(list(WindowKind)))
    length = {WindowKind.DAYS: st.integers(1, 7), WindowKind.HOURS: st.integers(1, 48)}.get(window, st.none())
    single = kind in (SignalKind.MILESTONE, SignalKind.RECENCY)
    of_numbers = kind in (SignalKind.SUM, SignalKind.MAX)
    amounts = [Decimal("0.5"), Decimal(3), Decimal("12.25")] if of_numbers else [1, 2, 3]
    at_least = Decimal(1 if single else draw(st.sampled_from(amounts)))
    return SignalSpec(
        **common,
        at_least=at_least,
        at_most=None if single else draw(st.sampled_from([None, None, at_least, at_least + 2])),
        action_version_id=draw(st.sampled_from(ACTIONS)),
        window=WindowKind.EVER if kind == SignalKind.MILESTONE else window,
        window_length=None if kind == SignalKind.MILESTONE else draw(length),
        per_occurrence=draw(st.booleans()),
    )


@st.composite
def gates(draw):
    return draw(st.sampled_from([{}, {}, {"is_required": True}, {"is_excluding": True}]))


@st.composite
def rules(draw, place: int, names: list[str]):
    """A rule over signals that stand before it, rules among them."""
    mode = draw(st.sampled_from(list(RuleMode)))
    of = draw(st.lists(st.sampled_from(names), unique=True, min_size=1))
    return SignalSpec(
        key=str(place),
        name=f"Rule {place}",
        kind=SignalKind.RULE,
        points=draw(st.sampled_from([0, 1000, -1500])),
        at_least=Decimal(draw(st.integers(1, len(of)))) if mode == RuleMode.AT_LEAST else Decimal(1),
        rule_mode=mode.value,
        rule_of=tuple(of),
        **draw(gates()),
    )


@st.composite
def signals_with_rules(draw, level: Level):
    found = [draw(signals(place, level)) for place in range(1, draw(st.integers(1, 4)) + 1)]
    for _more in range(draw(st.integers(0, 2))):
        found.append(draw(rules(len(found) + 1, [signal.name for signal in found])))
    return tuple(found)


@st.composite
def specs(draw, time_zone: str):
    level = draw(st.sampled_from(list(Level)))
    return Spec(
        level=level,
        time_zone=time_zone,
        enter_threshold=5000,
        exit_threshold=3000,
        requalify_after_days=0,
        signals=draw(signals_with_rules(level)),
        bands=(BandSpec("hot", 5000),),
    )


@st.composite
def events(draw, zone: str, as_of: datetime):
    ts = draw(moments(zone, as_of))
    return PastEvent(
        action=draw(st.sampled_from(ACTIONS)),
        ts=ts,
        received_at=ts + draw(st.sampled_from([timedelta(0), timedelta(days=1), timedelta(days=5)])),
        number=draw(st.sampled_from([None, Decimal(1), Decimal("2.25"), Decimal(-3), Decimal("1e6")])),
        exclusion=draw(st.sampled_from([0, 0, 0, 0, 1])),
    )


@st.composite
def traits(draw, zone: str, as_of: datetime):
    ts = draw(moments(zone, as_of))
    number = draw(st.sampled_from([None, Decimal(10), Decimal("3.5")]))
    texts = st.sampled_from(
        [
            None,
            "pro",
            "fr%ee'",
            "team",
            "ann@mail.acme.com",
            "https://www.acme.com/x@y",
            "a@gmail.com",
            "acme.com.",
            "2024-13-01",
            *(str(as_of.astimezone(ZoneInfo(zone)).date() + timedelta(days=n)) for n in (-1, 0, 1)),
        ]
    )
    return PastTrait(
        name=draw(st.sampled_from(TRAITS)),
        text=draw(texts) if number is None else f"{number:f}",
        number=number,
        valid_from=ts,
        received_at=ts + draw(st.sampled_from([timedelta(0), timedelta(days=2)])),
        message_id=draw(st.sampled_from(["a", "b", "B"])),
    )


@dataclass(frozen=True)
class Rest:
    """Rows of lists by ref, and when both subjects were first seen."""

    lists: dict[str, list[PastRow]]
    first_seen_at: datetime
    touches: list[list[PastTouch]]  # by person
    joined_at: datetime


@st.composite
def touches(draw, zone: str, as_of: datetime):
    ts = draw(moments(zone, as_of))
    received_at = ts + draw(st.sampled_from([timedelta(0), timedelta(days=2)]))
    source, message_id = draw(st.sampled_from(["", "pro", "team"])), draw(st.sampled_from(["a", "b", "B"]))
    once = str(draw(st.uuids()))
    return PastTouch(draw(st.sampled_from([1, 2, 2, 3])), ts, received_at, message_id, source, once)


@st.composite
def cases(draw):
    """(spec, as_of, events by subject, traits by subject, the rest): two subjects and a list each, in any order of
    arrival."""
    zone, as_of = draw(clocks())
    spec = draw(specs(zone))
    several = st.lists(events(zone, as_of), max_size=10)
    unique = {"unique_by": lambda trait: (trait.name, trait.valid_from, trait.message_id)}
    said = traits(zone, as_of)
    if spec.level == Level.ACCOUNT:
        said = st.one_of(said, plan_facts(zone, as_of))
    some = st.lists(said, max_size=6, **unique)
    rows, seen = draw(list_rows(zone, as_of)), draw(moments(zone, as_of))
    came = st.lists(touches(zone, as_of), max_size=5, unique_by=lambda touch: touch.once)
    rest = Rest(rows, seen, [draw(came), draw(came)], draw(moments(zone, as_of)))
    return spec, as_of, [draw(several), draw(several)], [draw(some), draw(some)], rest
