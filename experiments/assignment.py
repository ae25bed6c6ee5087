"""Which arm the hash proposes for a unit. Pure; the row in the database is the truth, this only fills new rows."""

import hashlib
from collections.abc import Sequence

BUCKETS = 10_000


def bucket(*, tenant_id: int, salt: str, unit_kind: str, unit_id: int) -> int:
    """The unit's bucket, 0 to 9,999, uniform and independent between salts.

    The first 64 bits of SHA-256 over the four parts, scaled down by multiply-shift (no modulo bias).
    `unit_kind` is "person" or "account". Golden vectors are frozen in tests/experiments.
    """
    text = f"{tenant_id}\x1f{salt}\x1f{unit_kind}\x1f{unit_id}"
    head = hashlib.sha256(text.encode()).digest()[:8]
    return int.from_bytes(head, "big") * BUCKETS >> 64


def arm_at(place: int, weights: Sequence[int]) -> int:
    """Index of the arm whose half-open range holds bucket `place`. Ranges lie one after the other in stored order, so
    a larger first arm keeps everybody it had. Raises ValueError when the weights do not fill the 10,000 buckets."""
    if sum(weights) != BUCKETS or any(weight < 1 for weight in weights):
        raise ValueError(f"Weights {list(weights)} must be positive and add up to {BUCKETS}.")
    end = 0
    for index, weight in enumerate(weights):
        end += weight
        if place < end:
            return index
    raise ValueError(f"Bucket {place} is not below {BUCKETS}.")
