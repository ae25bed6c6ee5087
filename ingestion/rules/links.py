"""Which anonymous ids belong together, and to which user: a pure function of the evidence, whatever order it came in.

Evidence is read from the earliest on (event time, then message id). Each piece joins two groups unless both have a
user: two identified users are never merged, and the first user of a shared device keeps its anonymous history.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

Node = tuple[int, str]  # (kind, value) of an identity
USER, ANONYMOUS = 1, 2  # values of ingestion.models.Identity.Kind


@dataclass(frozen=True, order=True)
class Evidence:
    """Says that two identities are one person. `rank` orders what one message says: 0 that the id an alias names is a
    user id, 1 that an anonymous id was seen with a user id, 2 an alias."""

    ts: datetime
    message_id: str
    rank: int
    left: Node
    right: Node


def group(nodes: Iterable[Node], evidence: Iterable[Evidence]) -> list[frozenset[Node]]:
    """The nodes in groups with at most one user each."""
    members: dict[Node, set[Node]] = {node: {node} for node in nodes}
    for piece in sorted(evidence):
        left = members.setdefault(piece.left, {piece.left})
        right = members.setdefault(piece.right, {piece.right})
        if left is right or (_has_user(left) and _has_user(right)):
            continue
        left |= right
        for node in right:
            members[node] = left
    return [frozenset(each) for each in {id(each): each for each in members.values()}.values()]


def _has_user(nodes: set[Node]) -> bool:
    return any(kind == USER for kind, _value in nodes)
