"""`make bench`, or one part of it: `python -m bench ingest|soak|score`.

BENCH_EVENTS, BENCH_ROWS and BENCH_PERSONS make the soak and the scoring smaller on a small machine.
"""

import os
import sys

from bench import stack
from bench.table import Row, print_table

PARTS = ("ingest", "soak", "score")


def main(parts: tuple[str, ...]) -> None:
    print("Preparing a fresh database …", flush=True)
    stack.prepare()
    rows: list[Row] = []
    with stack.running_stack() as running:
        rows += _over_http(running, parts)
        owner_url, admin_url = running.owner_url, running.admin_url
    if "score" in parts:
        print_table(rows)
        rows += _score(owner_url, admin_url)
    print()
    print_table(rows)


def _over_http(running: stack.Stack, parts: tuple[str, ...]) -> list[Row]:
    from bench import ingest, soak
    from bench.tenant import EXPORTS_NEEDED, make_tenant

    rows = []
    tenant = make_tenant("bench")
    if "ingest" in parts:
        print("Single events against an empty view …", flush=True)
        rows.append(ingest.single_events(running, tenant))
    running.start_worker()
    if "ingest" in parts:
        print("Batches, folded, against COPY …", flush=True)
        rows.append(ingest.batch_ingest(running, tenant))
        print("From event to qualification …", flush=True)
        rows.append(ingest.latency(running, tenant, EXPORTS_NEEDED))
    if "soak" in parts:
        rows += soak.soak(running, tenant, int(os.environ.get("BENCH_EVENTS", soak.EVENTS)))
    return rows


def _score(owner_url: str, admin_url: str) -> list[Row]:
    from bench import score

    print("Full scoring against DuckDB …", flush=True)
    persons = int(os.environ.get("BENCH_PERSONS", score.PERSONS))
    return score.full_scoring(owner_url, admin_url, int(os.environ.get("BENCH_ROWS", score.ROWS)), persons)


if __name__ == "__main__":
    main(tuple(sys.argv[1:]) or PARTS)
