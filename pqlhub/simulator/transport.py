"""What the network does to a clean history: re-sent, late and slightly swapped messages."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from pqlhub.simulator.journal import Happening
from pqlhub.simulator.rhythm import HOUR, MINUTE, SECOND

DUPLICATE_SHARE = 0.006
OFFLINE_SHARE = 0.003  # a phone that was offline: hours to three days late
SWAPPED_SHARE = 0.004  # overtaken on the way: seconds late


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Happenings in the order in which they reach the server."""

    in_order: list[Happening]
    duplicated: list[Happening]
    late: list[tuple[Happening, int]]  # with the moment of arrival


def deliver(seed: int, happenings: list[Happening], end: int) -> Arrivals:
    """Orders by event time, except for the few that travel badly; everything has arrived by `end`."""
    rng = Random(f"{seed}:transport")
    ordered = sorted(happenings, key=lambda one: (one.at, one.stream, one.sequence))
    arrivals: list[tuple[int, int, Happening]] = []
    duplicated: list[Happening] = []
    late: list[tuple[Happening, int]] = []
    for number, happening in enumerate(ordered):
        at, luck = happening.at, rng.random()
        if happening.user_agent is not None and happening.type == "track":
            if luck < OFFLINE_SHARE:
                at += HOUR + int(rng.expovariate(1 / 14) * HOUR)
            elif luck < OFFLINE_SHARE + SWAPPED_SHARE:
                at += 20 * SECOND + int(rng.random() * 3 * MINUTE)
            at = min(at, max(happening.at, end - 1))
            if at > happening.at:
                late.append((happening, at))
        arrivals.append((at, number, happening))
        if luck > 1 - DUPLICATE_SHARE:
            duplicated.append(happening)
            arrivals.append(
                (min(at + 2 * SECOND + int(rng.random() * 5 * MINUTE), end - 1), number, happening)
            )
    arrivals.sort(key=lambda arrival: arrival[:2])
    return Arrivals([arrival[2] for arrival in arrivals], duplicated, late)
