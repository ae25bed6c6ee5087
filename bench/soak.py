"""What only shows over millions of events: memory, a backlog, and senders that send everything twice."""

import json
import statistics
import time
from collections.abc import Iterator

import psutil
import psycopg

from bench.ingest import inbox_is_empty, wait_until
from bench.load import post_all, post_timed
from bench.stack import Stack
from bench.table import Row
from bench.tenant import BenchTenant, batches, events

EVENTS = 2_000_000
BACKLOG = 1_000_000
CHUNK = 50_000
DUPLICATE_ROWS = 40_000
PROBES = 300
PATIENCE = 1_800.0

# One inbox row for each of a single event's calls, as accept_batch would have stored it.
_FILL = """
INSERT INTO ingestion_inbox (tenant_id, source_id, received_at, payload, client, attempts)
SELECT %(tenant)s, %(source)s, now(), convert_to(jsonb_build_object('batch', jsonb_build_array(jsonb_build_object(
    'type', 'track', 'messageId', 'backlog-' || n, 'userId', 'user-' || n %% 2000, 'event', 'Board Created',
    'timestamp', to_char(now() - n * interval '1 second', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
    'properties', jsonb_build_object('rows', n %% 5000, 'plan', 'team'),
    'context', jsonb_build_object('groupId', 'account-' || n %% 200))))::text, 'UTF8'), '{}', 0
FROM generate_series(1, %(rows)s) AS n
"""


def duplicates(running: Stack, tenant: BenchTenant) -> Row:
    """Batches of which 30 % were sent before, against batches of new events alone, until folded."""
    rates: dict[str, list[float]] = {"new": [], "with 30 %": []}
    with psycopg.connect(running.owner_url, autocommit=True) as owner:
        for round_number in range(3):
            fresh = events(DUPLICATE_ROWS, seed=500 + round_number)
            rates["new"].append(_folded_rate(running, tenant, owner, fresh))
            share = DUPLICATE_ROWS * 3 // 10
            mixed = fresh[:share] + events(DUPLICATE_ROWS - share, seed=600 + round_number)
            mixed = [mixed[(place * 7919) % len(mixed)] for place in range(len(mixed))]
            rates["with 30 %"].append(_folded_rate(running, tenant, owner, mixed))
    new, mixed_rate = (statistics.median(rates[name]) for name in ("new", "with 30 %"))
    detail = f"{mixed_rate:,.0f}/s vs {new:,.0f}/s of new events alone"
    return Row("ingest with 30 % duplicates, against none", mixed_rate / new, 0.9, 1.0, detail)


def backlog(running: Stack, tenant: BenchTenant, rows: int = BACKLOG) -> Row:
    """How long a request waits for its answer while the worker empties an inbox of a million rows, against idle."""
    with psycopg.connect(running.owner_url, autocommit=True) as owner:
        wait_until(lambda: inbox_is_empty(owner, tenant), PATIENCE)
        idle = _accept_p95(running, tenant, "idle")
        with owner.transaction():
            owner.execute(f"SET LOCAL app.tenant_id = '{tenant.tenant_id}'")
            owner.execute(_FILL, {"tenant": tenant.tenant_id, "source": tenant.source_id, "rows": rows})
            (last,) = owner.execute("SELECT max(id) FROM ingestion_inbox").fetchone() or (0,)
        began = time.perf_counter()
        _accept_p95(running, tenant, "wake")  # wakes the fold
        busy = []
        while not inbox_is_empty(owner, tenant, through=last):
            busy.append(_accept_p95(running, tenant, f"busy-{len(busy)}"))
            if time.perf_counter() - began > PATIENCE:
                raise TimeoutError(
                    "The backlog did not drain; see the worker's log under .pqlhub/bench/logs."
                )
        drained = time.perf_counter() - began
    worst = statistics.median(busy)
    detail = (
        f"p95 {worst * 1000:.1f} ms vs {idle * 1000:.1f} ms idle; {rows:,} rows drained in {drained:,.0f} s"
        f" ({rows / drained:,.0f}/s)"
    )
    return Row(
        "accept latency p95 while a backlog drains, against idle",
        worst / idle,
        3,
        1.5,
        detail,
        lower_is_better=True,
    )


def memory(running: Stack, tenant: BenchTenant, count: int = EVENTS) -> Row:
    """Memory of web and worker after all events, against after the first quarter."""
    marks = []
    with psycopg.connect(running.owner_url, autocommit=True) as owner:
        for number, bodies in enumerate(_chunks(count)):
            post_all(running.port, "/v1/batch", bodies, tenant.key)
            wait_until(lambda: inbox_is_empty(owner, tenant), PATIENCE)
            marks.append(_memory_of(running))
            print(f"  {(number + 1) * CHUNK:,} events: {marks[-1] / 2**20:,.0f} MiB", flush=True)
    early, late = marks[len(marks) // 4], marks[-1]
    detail = f"{late / 2**20:,.0f} MiB after {count:,} events vs {early / 2**20:,.0f} MiB after a quarter"
    return Row(
        "memory of web and worker over the soak", late / early, 1.25, 1.05, detail, lower_is_better=True
    )


def _folded_rate(running: Stack, tenant: BenchTenant, owner: psycopg.Connection, rows: list) -> float:
    bodies = batches(rows, 100)
    began = time.perf_counter()
    post_all(running.port, "/v1/batch", bodies, tenant.key)
    wait_until(lambda: inbox_is_empty(owner, tenant), PATIENCE)
    return len(rows) / (time.perf_counter() - began)


def _accept_p95(running: Stack, tenant: BenchTenant, name: str) -> float:
    """Seconds, of one client that sends one event after the other."""
    bodies = [
        json.dumps({"userId": f"user-{n % 50}", "event": "Signed In", "messageId": f"{name}-{n}"}).encode()
        for n in range(PROBES)
    ]
    waits = sorted(post_timed(running.port, "/v1/track", bodies, tenant.key))
    return waits[int(len(waits) * 0.95)]


def _chunks(count: int) -> Iterator[list[bytes]]:
    for number in range(0, count, CHUNK):
        yield batches(events(min(CHUNK, count - number), seed=10_000 + number), 100)


def _memory_of(running: Stack) -> int:
    """Bytes that web and worker have to themselves, their children included."""
    total = 0
    for child in running.processes.children:
        top = psutil.Process(child.process.pid)
        total += sum(process.memory_full_info().uss for process in [top, *top.children(recursive=True)])
    return total


def soak(running: Stack, tenant: BenchTenant, count: int = EVENTS) -> list[Row]:
    """All three, on a running stack with its worker."""
    print("30 % duplicates …", flush=True)
    rows = [duplicates(running, tenant)]
    print("A backlog of a million …", flush=True)
    rows.append(backlog(running, tenant, rows=count // 2))
    print("Memory over millions of events …", flush=True)
    rows.append(memory(running, tenant, count))
    return rows
