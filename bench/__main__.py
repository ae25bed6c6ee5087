"""`make bench`. BENCH_ROWS and BENCH_PERSONS make the scoring part smaller on a small machine."""

import os

from bench import stack
from bench.table import print_table


def main() -> None:
    print("Preparing a fresh database …", flush=True)
    stack.prepare()
    from bench import ingest, score
    from bench.tenant import EXPORTS_NEEDED, make_tenant

    rows = []
    with stack.running_stack() as running:
        tenant = make_tenant("bench")
        print("Single events against an empty view …", flush=True)
        rows.append(ingest.single_events(running, tenant))
        running.start_worker()
        print("Batches, folded, against COPY …", flush=True)
        rows.append(ingest.batch_ingest(running, tenant))
        print("From event to qualification …", flush=True)
        rows.append(ingest.latency(running, tenant, EXPORTS_NEEDED))
        owner_url, admin_url = running.owner_url, running.admin_url
    print_table(rows)
    print("Full scoring against DuckDB …", flush=True)
    persons = int(os.environ.get("BENCH_PERSONS", score.PERSONS))
    rows += score.full_scoring(owner_url, admin_url, int(os.environ.get("BENCH_ROWS", score.ROWS)), persons)
    print()
    print_table(rows)


if __name__ == "__main__":
    main()
