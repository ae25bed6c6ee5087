"""Random specs and histories, thick with moments where things go wrong: window edges, midnights, changes of clocks."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from scoring.rules.spec import BandSpec, Level, SignalKind, SignalSpec, Spec, WindowKind
from tests.scoring.reference import PastEvent, PastTrait

TICK = timedelta(microseconds=1)
ACTIONS = (901, 902)
TRAITS = ("plan", "seats")
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
def signals(draw, place: int):
    kind = draw(st.sampled_from(list(SignalKind)))
    common = {
        "key": str(place),
        "name": f"Signal {place} “100%” 'quoted'",
        "kind": kind,
        "points": draw(st.sampled_from([1000, 2500, 5000, -1500])),
        "points_cap": draw(st.sampled_from([None, None, 2000, 6000])),
        "is_required": draw(st.booleans()),
    }
    if kind == SignalKind.TRAIT:
        operator = draw(st.sampled_from(["eq", "ne", "in", "contains", "gte", "lte", "known"]))
        numeric = operator in ("gte", "lte")
        value = draw(st.sampled_from(["10", "3.5"] if numeric else ["Pro", "10", "o", "fr%ee'"]))
        values = {"known": (), "in": (value, "team")}.get(operator, (value,))
        return SignalSpec(
            **common,
            trait_name=draw(st.sampled_from(TRAITS)),
            trait_operator=operator,
            trait_values=values,
        )
    window = draw(st.sampled_from(list(WindowKind)))
    length = {WindowKind.DAYS: st.integers(1, 7), WindowKind.HOURS: st.integers(1, 48)}.get(window, st.none())
    single = kind in (SignalKind.MILESTONE, SignalKind.RECENCY)
    amounts = [Decimal("0.5"), Decimal(3), Decimal("12.25")] if kind == SignalKind.SUM else [1, 2, 3]
    return SignalSpec(
        **common,
        at_least=Decimal(1 if single else draw(st.sampled_from(amounts))),
        action_version_id=draw(st.sampled_from(ACTIONS)),
        window=WindowKind.EVER if kind == SignalKind.MILESTONE else window,
        window_length=None if kind == SignalKind.MILESTONE else draw(length),
        per_occurrence=draw(st.booleans()),
    )


@st.composite
def specs(draw, time_zone: str):
    count = draw(st.integers(1, 4))
    return Spec(
        level=draw(st.sampled_from(list(Level))),
        time_zone=time_zone,
        enter_threshold=5000,
        exit_threshold=3000,
        requalify_after_days=0,
        signals=tuple(draw(signals(place)) for place in range(1, count + 1)),
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
    texts = st.sampled_from([None, "pro", "fr%ee'", "team"])
    return PastTrait(
        name=draw(st.sampled_from(TRAITS)),
        text=draw(texts) if number is None else f"{number:f}",
        number=number,
        valid_from=ts,
        received_at=ts + draw(st.sampled_from([timedelta(0), timedelta(days=2)])),
        message_id=draw(st.sampled_from(["a", "b", "B"])),
    )


@st.composite
def cases(draw):
    """(spec, as_of, events by subject, traits by subject): two subjects and a list each, in any order of arrival."""
    zone, as_of = draw(clocks())
    spec = draw(specs(zone))
    several = st.lists(events(zone, as_of), max_size=10)
    unique = {"unique_by": lambda trait: (trait.name, trait.valid_from, trait.message_id)}
    some = st.lists(traits(zone, as_of), max_size=5, **unique)
    return spec, as_of, [draw(several), draw(several)], [draw(some), draw(some)]
