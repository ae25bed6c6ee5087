"""Sends the scenario with the Python SDKs, each set up as its own documentation shows."""

from datetime import UTC, datetime, timedelta
from typing import Any

TIME_OF_FIRST = datetime(2026, 1, 1, tzinfo=UTC)


def time_of(n: int) -> datetime:
    """When the n-th track call says it happened: long before it is sent."""
    return TIME_OF_FIRST + timedelta(minutes=n)


def segment_python(host: str, key: str, tracks: int, timeout: float) -> None:
    from segment.analytics import Client

    _scenario(Client(key, host=host, timeout=timeout), tracks)


def rudder_python(host: str, key: str, tracks: int, timeout: float) -> None:
    from rudderstack.analytics.client import Client

    _scenario(Client(key, host=host, timeout=timeout), tracks)


def posthog_python(host: str, key: str, tracks: int, timeout: float, capture_mode: str = "v0") -> None:
    from posthog import Posthog

    client = Posthog(key, host=host, timeout=timeout, flush_interval=0.3, capture_mode=capture_mode)
    where = {"company": "acme"}
    client.set(distinct_id="u1", properties={"email": "ann@acme.example", "plan": "pro"})
    client.group_identify("company", "acme", {"name": "Acme"})
    for n in range(tracks):
        properties = {"n": n, "note": "ünïcode 🎉"}
        client.capture(
            "Report Exported", distinct_id="u1", properties=properties, groups=where, timestamp=time_of(n)
        )
    client.capture("$pageview", distinct_id="u1", properties={"$current_url": "https://x/y"}, groups=where)
    client.alias("anonymous-1", "u1")
    client.shutdown()


def _scenario(client: Any, tracks: int) -> None:
    where = {"groupId": "acme"}
    client.identify("u1", {"email": "ann@acme.example", "plan": "pro"})
    client.group("u1", "acme", {"name": "Acme"})
    for n in range(tracks):
        properties = {"n": n, "note": "ünïcode 🎉"}
        client.track("u1", "Report Exported", properties, context=where, timestamp=time_of(n))
    client.page("u1", "Web", "Pricing", context=where)
    client.alias("anonymous-1", "u1")
    client.shutdown()
