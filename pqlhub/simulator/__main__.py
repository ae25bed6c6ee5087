"""Writes a simulated history as JSON lines to standard output.

python -m pqlhub.simulator --end 2026-11-23T00:00:00+00:00 --accounts 300 > history.jsonl
"""

from __future__ import annotations

import argparse
import sys
from datetime import datetime

from pqlhub.simulator.history import simulate
from pqlhub.simulator.messages import to_json_line


def main(arguments: list[str] | None = None) -> None:
    """Reads the arguments, writes one message a line to standard output."""
    parser = argparse.ArgumentParser(prog="python -m pqlhub.simulator", description=__doc__)
    parser.add_argument("--end", type=datetime.fromisoformat, required=True, help="ISO date-time with offset")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--days", type=int, default=180)
    parser.add_argument("--accounts", type=int, default=1_200)
    chosen = parser.parse_args(arguments)
    try:
        history = simulate(seed=chosen.seed, end=chosen.end, days=chosen.days, accounts=chosen.accounts)
    except ValueError as error:
        parser.error(str(error))
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    for message in history.messages():
        sys.stdout.write(to_json_line(message) + "\n")


if __name__ == "__main__":
    main()
