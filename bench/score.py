"""Full scoring of 200,000 persons over 7 million activity rows, and the tick for 1,000 due ones.

The baseline is DuckDB with two threads over the same rows in Parquet, with the same signals and the same zone.
Run alone: `python -m bench.score [rows] [persons]`.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import ZoneInfo

import duckdb
import psycopg

from bench import stack
from bench.table import Row, print_table

ROWS, PERSONS = 7_300_000, 200_000
ZONE = "Europe/Berlin"
AS_OF = datetime(2026, 6, 1, 9, 30, tzinfo=UTC)
DAYS = 180
ROUNDS = 3

# Rows come from hashes of their number: a few persons do much, most do little, spread evenly over the days.
_MAKE = """
CREATE TABLE activity AS
SELECT n AS event_id, CAST(1 + h % 8 AS bigint) AS action, identity, 1 + identity % {accounts} AS account, ts,
    CAST(ts AT TIME ZONE '{zone}' AS date) AS local_day, CAST((h // 8) % 50 AS bigint) AS number
FROM (
    SELECT range AS n, hash(range) AS h,
        1 + CAST(floor({persons} * power((hash(range, 1) % 1000000) / 1000000.0, 1.6)) AS bigint) AS identity,
        TIMESTAMPTZ '{as_of}' - to_microseconds(CAST(hash(range, 2) % {microseconds} AS bigint) + 1) AS ts
    FROM range({rows})
)
"""
_BASELINE = """
SELECT person,
    count(DISTINCT local_day) FILTER (WHERE action = 1 AND ts >= $d7) AS days_7,
    count(*) FILTER (WHERE action = 2 AND ts >= $d30) AS count_30,
    count(*) FILTER (WHERE action = 3) > 0 AS ever,
    count(*) FILTER (WHERE action = 4 AND ts >= $d14) > 0 AS recent,
    sum(number) FILTER (WHERE action = 5 AND ts >= $d30) AS total,
    count(*) FILTER (WHERE action = 6 AND ts >= $h24) AS count_24,
    count(DISTINCT local_day) FILTER (WHERE action = 7) AS days_ever,
    least(count(*) FILTER (WHERE action = 8 AND ts >= $d90), 10) AS each_90
FROM read_parquet('{folder}/activity.parquet') JOIN read_parquet('{folder}/identity.parquet') USING (identity)
WHERE ts < $as_of
GROUP BY person
"""
_ACTIVITY_COLUMNS = (
    "tenant_id, event_id, action_version_id, identity_id, account_id, ts, received_at, local_day, number,"
    " exclusion"
)


def full_scoring(owner_url: str, admin_url: str, rows: int = ROWS, persons: int = PERSONS) -> list[Row]:
    """Make a tenant of this size, score it and print what it took. admin_url: COPY needs a role that row-level security
    does not bind; the database is that of owner_url."""
    admin_url = urlunsplit(urlsplit(admin_url)._replace(path=urlsplit(owner_url).path))
    with tempfile.TemporaryDirectory() as folder:
        baseline = _make_rows(Path(folder), rows, persons)
        tenant_id = _load(Path(folder), admin_url, persons)
        print(f"{rows:,} rows of {persons:,} persons are in place")
        baseline_seconds = _median(baseline)
    return _measure(tenant_id, baseline_seconds, persons)


def _make_rows(folder: Path, rows: int, persons: int) -> Callable[[], object]:
    """Write the Parquet files; returns the baseline query."""
    from scoring.rules.spec import WindowKind
    from scoring.rules.windows import Window

    duck = duckdb.connect()
    duck.execute("SET threads = 2; SET TimeZone = 'UTC'")
    values = {"rows": rows, "persons": persons, "accounts": persons // 10, "zone": ZONE}
    duck.execute(_MAKE.format(**values, as_of=AS_OF.isoformat(), microseconds=DAYS * 86_400_000_000))
    duck.execute(f"COPY activity TO '{folder}/activity.parquet'; DROP TABLE activity")
    persons_query = f"SELECT range AS identity, range AS person FROM range(1, {persons + 1})"
    duck.execute(f"COPY ({persons_query}) TO '{folder}/identity.parquet'")
    starts = {
        f"d{days}": Window(WindowKind.DAYS, days).start(AS_OF, ZoneInfo(ZONE)) for days in (7, 14, 30, 90)
    }
    starts |= {"h24": AS_OF - timedelta(hours=24), "as_of": AS_OF}
    return lambda: duck.execute(_BASELINE.format(folder=folder), starts).fetchnumpy()


def _load(folder: Path, admin_url: str, persons: int) -> int:
    """A tenant with a live definition of eight signals, and the rows in its tables."""
    from tenants.audit import SYSTEM
    from tenants.context import tenant_context
    from tenants.operations import create_tenant

    slug = f"score-{int(time.time())}"
    tenant = create_tenant(slug=slug, name="Score", by=SYSTEM, now=AS_OF, time_zone=ZONE)
    with tenant_context(tenant.pk):
        actions = _publish()
    with psycopg.connect(admin_url, autocommit=True) as admin:
        (base,) = admin.execute("SELECT coalesce(max(id), 0) FROM ingestion_person").fetchone() or (0,)
        values = {"tenant": tenant.pk, "base": base, "persons": persons}
        admin.execute(
            "INSERT INTO ingestion_person (tenant_id, id, label, email, search, traits, is_identified, exclusion,"
            " first_seen_at, last_seen_at) SELECT %(tenant)s, %(base)s + n, 'user ' || n, '', 'user ' || n, '{}',"
            " true, 0, now(), now() FROM generate_series(1, %(persons)s) AS n",
            values,
        )
        admin.execute(
            "INSERT INTO ingestion_identity (tenant_id, id, kind, value, person_id)"
            " SELECT %(tenant)s, %(base)s + n, 1, n, %(base)s + n FROM generate_series(1, %(persons)s) AS n",
            values,
        )
        _copy(admin, folder, tenant.pk, base, actions)
        admin.execute("VACUUM ANALYZE ingestion_activity, ingestion_identity, ingestion_person")
    return tenant.pk


def _copy(admin: psycopg.Connection, folder: Path, tenant_id: int, base: int, actions: list[int]) -> None:
    versions = ", ".join(str(action) for action in actions)
    query = (
        f"SELECT {tenant_id}, event_id, [{versions}][action], {base} + identity, account, ts, ts, local_day,"
        f" number, 0 FROM read_parquet('{folder}/activity.parquet')"
    )
    duckdb.sql("SET TimeZone = 'UTC'")
    duckdb.sql(f"COPY ({query}) TO '{folder}/activity.csv' (HEADER false)")
    with (
        admin.cursor().copy(f"COPY ingestion_activity ({_ACTIVITY_COLUMNS}) FROM STDIN (FORMAT csv)") as copy,
        open(folder / "activity.csv", "rb") as lines,
    ):
        while block := lines.read(1 << 20):
            copy.write(block)


def _publish() -> list[int]:
    """Publish the definition; returns the ids of its action versions."""
    from ingestion.models import Action, ActionVersion
    from scoring.models import Band, Level, Signal, Version
    from scoring.operations import create_definition, create_motion, publish_version, save_draft
    from tenants.audit import SYSTEM
    from tenants.models import BusinessUnit

    unit = BusinessUnit.objects.get(parent__isnull=True)
    actions, versions = [], []
    for number in range(9):
        action = Action.objects.create(business_unit=unit, name=f"Action {number}", created_at=AS_OF)
        version = ActionVersion.objects.create(
            action=action, number=1, event_name=f"Action {number}", number_property="amount", created_at=AS_OF
        )
        actions.append(action)
        versions.append(version.pk)
    kinds: list[dict[str, object]] = [
        {"kind": "distinct_days", "window": "days", "window_length": 7, "at_least": 3},
        {"kind": "count", "window": "days", "window_length": 30, "at_least": 5},
        {"kind": "milestone"},
        {"kind": "recency", "window": "days", "window_length": 14},
        {"kind": "sum", "window": "days", "window_length": 30, "at_least": Decimal(100)},
        {"kind": "count", "window": "hours", "window_length": 24, "at_least": 2},
        {"kind": "distinct_days", "window": "ever", "at_least": 5},
        {
            "kind": "count",
            "window": "days",
            "window_length": 90,
            "points_mode": "each",
            "points": 100,
            "points_cap": 1000,
        },
    ]
    signals = [
        Signal(**{"name": f"Signal {n}", "action": action, "points": 1000, **kind})
        for n, (action, kind) in enumerate(zip(actions, kinds, strict=False))
    ]
    shared = {"business_unit": unit, "by": SYSTEM, "now": AS_OF}
    motion = create_motion(**shared, name="Buy", goal_action=actions[8])
    definition = create_definition(**shared, motion=motion, name="Bench", level=Level.PERSON)
    draft = save_draft(
        version=Version.objects.get(definition=definition),
        signals=signals,
        bands=[Band(name="hot", minimum=6000), Band(name="warm", minimum=4000)],
        enter_threshold=6000,
        exit_threshold=5000,
        requalify_after_days=30,
        by=SYSTEM,
        now=AS_OF,
    )
    publish_version(version=draft, by=SYSTEM, now=AS_OF)
    return versions[:8]


def _measure(tenant_id: int, baseline: float, persons: int) -> list[Row]:
    from scoring.compiler import FEW
    from scoring.models import Score
    from scoring.operations import score_due
    from scoring.operations.scores import write_scores
    from scoring.queries.versions import live_versions
    from tenants.context import tenant_context

    compute = _median(lambda: _compute_all(tenant_id))
    print(f"DuckDB {baseline:.2f} s; compute alone {compute:.2f} s ({compute / baseline:.1f}x)")
    began, slices, more, opened = time.perf_counter(), [], True, 0
    while more:
        slice_began = time.perf_counter()
        with tenant_context(tenant_id):
            result = score_due(now=AS_OF)
        slices.append(time.perf_counter() - slice_began)
        more, opened = result.more, opened + result.opened
    first = time.perf_counter() - began
    print(
        f"first scoring {first:.2f} s in {len(slices)} slices, the longest {max(slices):.2f} s; {opened:,} PQLs"
    )
    with tenant_context(tenant_id):
        print(f"{Score.objects.count():,} scores stored")
        version = live_versions()[0]
        ids = list(Score.objects.order_by("subject_id").values_list("subject_id", flat=True))

    def score_again(subjects: list[int]) -> None:
        with tenant_context(tenant_id):
            write_scores(version=version, subjects=subjects, now=AS_OF)

    def score_all_again() -> None:
        for first in range(0, len(ids), FEW):
            score_again(ids[first : first + FEW])

    again = _median(score_all_again)
    print(f"full re-score where nothing changed {again:.2f} s")
    some = sorted(Random(1).sample(ids, min(1000, len(ids))))
    tick = _median(lambda: score_again(some), rounds=9)
    print(f"tick for {len(some):,} due: {tick * 1000:.0f} ms")
    detail = f"compute {compute:.2f} s, compute + write {first:.2f} s vs DuckDB {baseline:.2f} s"
    return [
        Row(
            f"full score of {persons:,} persons, against DuckDB",
            first / baseline,
            8,
            4,
            detail,
            lower_is_better=True,
        )
    ]


def _compute_all(tenant_id: int) -> None:
    """The compiled statement for everybody, nothing written and nothing sent."""
    from django.db import connection

    from scoring.compiler import compile_version
    from scoring.queries.specs import frozen_spec
    from scoring.queries.versions import live_versions
    from tenants.context import tenant_context

    with tenant_context(tenant_id), connection.cursor() as cursor:
        compiled = compile_version(frozen_spec(live_versions()[0]))
        values = compiled.parameters(tenant_id=tenant_id, subjects=None, as_of=AS_OF)
        cursor.execute(
            f"SELECT sum(points), sum(length(contributions::text)) FROM ({compiled.sql}) AS s", values
        )


def _median(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    seconds = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


if __name__ == "__main__":
    from pqlhub.embedded import EmbeddedServer

    stack.HOME = stack.HOME.with_name("bench-score")
    stack.prepare()
    sizes = [int(argument) for argument in sys.argv[1:]]
    urls = EmbeddedServer(stack.HOME).start()
    print_table(full_scoring(urls.owner_url, urls.admin_url, *sizes))
