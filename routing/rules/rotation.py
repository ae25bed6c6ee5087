"""Whose turn it is in a pool: weighted round robin with pointers that everybody can see. Pure.

The next lead goes to the lowest pointer, ties by place in the pool; taking one adds 1/weight to the pointer. Whoever
is passed over (on leave, full) loses the turn instead of saving it up: their pointer is carried along, so nobody is
flooded on return.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

TURN = 720_720  # divisible by every weight from 1 to 16, so that sums are exact


@dataclass(frozen=True)
class Seat:
    """A member of a pool as the choice sees them. capacity None: no limit on open leads."""

    key: str
    position: int
    weight: int
    pointer: int
    open_leads: int = 0
    capacity: int | None = None
    is_available: bool = True

    @property
    def can_take(self) -> bool:
        return self.is_available and (self.capacity is None or self.open_leads < self.capacity)

    @property
    def place(self) -> tuple[int, int, str]:
        return (self.pointer, self.position, self.key)


@dataclass(frozen=True)
class Turn:
    """Who takes the lead (None: all are full or away), and the pointers that change by it."""

    key: str | None
    pointers: dict[str, int]


def next_turn(seats: Sequence[Seat]) -> Turn:
    """Choose, and move the pointers."""
    able = [seat for seat in seats if seat.can_take]
    if not able:
        return Turn(None, {})
    chosen = min(able, key=lambda seat: seat.place)
    pointers = {
        seat.key: chosen.pointer for seat in seats if not seat.can_take and seat.pointer < chosen.pointer
    }
    pointers[chosen.key] = chosen.pointer + TURN // chosen.weight
    return Turn(chosen.key, pointers)


def starting_pointer(pointer: int, others: Iterable[Seat]) -> int:
    """Where somebody who joins or comes back goes on: not behind the lowest of the others who are there."""
    present = [seat.pointer for seat in others if seat.is_available]
    return max(pointer, min(present, default=pointer))
