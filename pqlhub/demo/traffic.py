"""The simulated product goes on living: it sends what happens now to the running web process, as any product would."""

import os
import time
from datetime import UTC, datetime

import httpx

from pqlhub.demo.state import ACCOUNTS, DAYS, SEED, load_state
from pqlhub.simulator import live_events
from pqlhub.state import home_folder

EVENTS_PER_SECOND = 0.5  # a busy afternoon of this company, not a year in a day
PATIENCE = 5.0


def main() -> None:
    state = load_state(home_folder())
    url = f"http://127.0.0.1:{os.environ.get('PORT', '8000')}/v1/batch"
    start = datetime.now(UTC)
    events = live_events(
        seed=SEED, start=start, rate=EVENTS_PER_SECOND, end=state.end, days=DAYS, accounts=ACCOUNTS
    )
    with httpx.Client(auth=(state.write_key, ""), timeout=10) as client:
        for event in events:
            due = datetime.fromisoformat(event["timestamp"])
            time.sleep(max(0.0, (due - datetime.now(UTC)).total_seconds()))
            send(client, url, {"batch": [event]})


def send(client: httpx.Client, url: str, body: dict[str, object]) -> None:
    """Keep trying, as an SDK does: the message id makes a second arrival harmless."""
    while True:
        try:
            if client.post(url, json=body).status_code < 500:
                return
        except httpx.TransportError:
            pass
        time.sleep(PATIENCE)


if __name__ == "__main__":
    main()
