"""What a received item becomes: a message that can be stored, or a rejection an engineer understands."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any, NamedTuple


class Kind(IntEnum):
    """The six calls of the Segment shape. Values are those of ingestion.models.EventKind."""

    TRACK = 1
    IDENTIFY = 2
    GROUP = 3
    PAGE = 4
    SCREEN = 5
    ALIAS = 6


KIND_BY_TYPE = {kind.name.lower(): kind for kind in Kind}
# In the context of an event, or of a whole batch: true for the past being handed in, which opens no lead by itself.
HISTORICAL = "historical"


class Message(NamedTuple):
    """One clean message. Texts hold no NUL and no lone surrogates, numbers fit numeric(38, 9), `ts` is UTC and aware.
    A tuple, as millions are made and tuples are made faster.

    `name` is the event of a track call, the name of a page or screen (may be empty), and empty for the other kinds.
    `traits` are the account's for a group call and the person's for every other kind (also from context.traits).
    `once` names those of the traits that only fill what nobody has said yet (PostHog's $set_once).
    `context` is the client's, without the person's traits; under CONTEXT_NOTES it says what cleaning changed.
    """

    kind: int
    name: str
    message_id: str
    ts: datetime
    user_id: str | None
    anonymous_id: str | None
    previous_id: str | None
    group_id: str | None
    traits: dict[str, Any]
    properties: dict[str, Any]
    context: dict[str, Any]
    clock_skew_ms: int | None
    once: frozenset[str] = frozenset()

    @property
    def told(self) -> dict[str, Any]:
        """What the call is about: the traits of identify and group calls, else the properties."""
        return self.traits if self.kind in (Kind.IDENTIFY, Kind.GROUP) else self.properties

    def telling(self, told: dict[str, Any]) -> "Message":
        """The same call about something else."""
        if self.kind in (Kind.IDENTIFY, Kind.GROUP):
            return self._replace(traits=told)
        return self._replace(properties=told)


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why an item cannot be stored: a stable code for programs, and what to do about it for people."""

    code: str
    detail: str


class Rejected(ValueError):
    """Raised inside the rules and turned into a Rejection at their edge."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.rejection = Rejection(code, detail)


_UNPRINTABLE = re.compile("[\x00-\x1f\ud800-\udfff]")


def shown(value: Any) -> str:
    """A received value as a short word for a message."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    return f"“{_UNPRINTABLE.sub('', str(value)[:40])}”"
