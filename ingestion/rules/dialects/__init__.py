"""What other senders speak, translated into items of the Segment shape: one module a dialect, each pure.

A translation guesses nothing. What it cannot translate it refuses in words of that dialect; the rest is checked like
any other item.
"""

from typing import Any, NamedTuple

from ingestion.rules.types import Rejection


class Refusal(NamedTuple):
    """An item that cannot be translated. `item` is as far as we came, to be mended in quarantine."""

    item: Any
    reason: Rejection


class Ignored(NamedTuple):
    """An item that nobody did, such as an SDK's report on itself: it is counted in the answer and not kept."""

    name: str
    message_id: Any
