"""Batch ingest, single events and latency, each against a baseline in the same run."""

import json
import statistics
import time
from collections.abc import Callable
from functools import partial

import psycopg

from bench.load import post_all
from bench.stack import Stack
from bench.table import Row
from bench.tenant import ACTION, BenchTenant, batches, events

ROWS = 60_000
SINGLES = 3_000
PROBES = 120
PATIENCE = 120.0


def batch_ingest(stack: Stack, tenant: BenchTenant) -> Row:
    """100 events a request over HTTP, until all are folded into activity, against COPY in commits of 100."""
    rows = events(ROWS, seed=1)
    bodies = batches(rows, 100)
    with psycopg.connect(stack.owner_url, autocommit=True) as owner:
        post_all(stack.port, "/v1/batch", batches(events(100, seed=3), 100), tenant.key)
        wait_until(lambda: inbox_is_empty(owner, tenant))  # the worker has started
        began = time.perf_counter()
        post_all(stack.port, "/v1/batch", bodies, tenant.key)
        accepted = time.perf_counter() - began
        wait_until(lambda: inbox_is_empty(owner, tenant))
        seconds = time.perf_counter() - began
        copied = _copy_baseline(owner, tenant)  # also finds that all rows are there
    detail = (
        f"{ROWS / seconds:,.0f}/s folded ({ROWS / accepted:,.0f}/s accepted) vs COPY {ROWS / copied:,.0f}/s"
    )
    return Row("batch ingest over HTTP, folded, against COPY", copied / seconds, 0.2, 0.35, detail)


def _copy_baseline(owner: psycopg.Connection, tenant: BenchTenant) -> float:
    """The same rows, as the fold wrote them, copied into an identically indexed table in commits of 100."""
    owner.execute("DROP TABLE IF EXISTS bench_event")
    owner.execute("CREATE TABLE bench_event (LIKE ingestion_event INCLUDING ALL)")
    columns = (
        "tenant_id, id, received_at, source_id, message_id, kind, name, ts, identity_id, account_id, exclusion,"
        " clock_skew_ms, properties, context"
    )
    with owner.transaction():
        owner.execute(f"SET LOCAL app.tenant_id = '{tenant.tenant_id}'")
        stored = owner.execute(
            f"SELECT {columns} FROM ingestion_event WHERE message_id LIKE 'bench-1-%%' LIMIT %s", [ROWS]
        ).fetchall()
    if len(stored) != ROWS:
        raise RuntimeError(f"{len(stored)} of {ROWS} events were folded")
    lines = [(*row[:-2], json.dumps(row[-2]), json.dumps(row[-1])) for row in stored]
    began = time.perf_counter()
    for start in range(0, len(lines), 100):
        with owner.transaction(), owner.cursor().copy(f"COPY bench_event ({columns}) FROM STDIN") as copy:
            for line in lines[start : start + 100]:
                copy.write_row(line)
    return time.perf_counter() - began


def single_events(stack: Stack, tenant: BenchTenant) -> Row:
    """One event a request, against an empty view with the same server, middleware and transaction."""
    bodies = [json.dumps(event).encode() for event in events(SINGLES, seed=2)]
    ours, empty = [], []
    for round_number in range(3):
        part = bodies[round_number::3]
        empty.append(len(part) / post_all(stack.port, "/v1/empty", part, tenant.key))
        ours.append(len(part) / post_all(stack.port, "/v1/track", part, tenant.key))
    rate, baseline = statistics.median(ours), statistics.median(empty)
    detail = f"{rate:,.0f}/s vs empty view {baseline:,.0f}/s"
    return Row("single events over HTTP, against an empty view", rate / baseline, 0.5, 0.7, detail)


def latency(stack: Stack, tenant: BenchTenant, definition_threshold: int) -> Row:
    """From an accepted event to the qualification that it causes, under steady load at half of the sustained rate."""
    waits = []
    with psycopg.connect(stack.owner_url, autocommit=True) as owner:
        for number in range(PROBES):
            filler = batches(events(100, seed=1000 + number), 100)
            post_all(stack.port, "/v1/batch", filler, tenant.key, threads=1)
            user = f"probe-{number}"
            probes = [
                json.dumps({"userId": user, "event": ACTION, "messageId": f"{user}-{index}"}).encode()
                for index in range(definition_threshold)
            ]
            began = time.perf_counter()
            post_all(stack.port, "/v1/track", probes, tenant.key, threads=1)
            wait_until(partial(_qualified, owner, tenant, user))
            waits.append(time.perf_counter() - began)
    waits.sort()
    p95, p99 = waits[int(len(waits) * 0.95)], waits[int(len(waits) * 0.99)]
    detail = f"median {statistics.median(waits):.2f} s, p95 {p95:.2f} s, p99 {p99:.2f} s"
    return Row(
        "event accepted → qualification visible, p95 in seconds", p95, 3.0, 1.0, detail, lower_is_better=True
    )


def inbox_is_empty(owner: psycopg.Connection, tenant: BenchTenant, *, through: int | None = None) -> bool:
    """A fold deletes what it folded in the same commit. Counting the events instead would itself load the database.
    through: only the rows up to this one."""
    with owner.transaction():
        owner.execute(f"SET LOCAL app.tenant_id = '{tenant.tenant_id}'")
        row = owner.execute(
            "SELECT 1 FROM ingestion_inbox WHERE id <= coalesce(%s, id) LIMIT 1", [through]
        ).fetchone()
    return row is None


def _qualified(owner: psycopg.Connection, tenant: BenchTenant, user: str) -> bool:
    with owner.transaction():
        owner.execute(f"SET LOCAL app.tenant_id = '{tenant.tenant_id}'")
        row = owner.execute(
            "SELECT 1 FROM scoring_qualification q JOIN ingestion_identity i"
            " ON i.tenant_id = q.tenant_id AND i.person_id = q.subject_id WHERE i.value = %s",
            [user],
        ).fetchone()
    return row is not None


def wait_until(happened: Callable[[], bool], patience: float = PATIENCE) -> None:
    """Ask again and again. Raises TimeoutError after `patience` seconds."""
    deadline = time.monotonic() + patience
    while not happened():
        if time.monotonic() > deadline:
            raise TimeoutError("The worker did not get there; see the worker's log under .pqlhub/bench/logs.")
        time.sleep(0.02)
