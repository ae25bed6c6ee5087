"""What a rep may say came of a lead, and when. Pure."""

from enum import StrEnum


class Said(StrEnum):
    NONE = ""
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    SQL = "sql"
    OPPORTUNITY = "opportunity"
    WON = "won"
    LOST = "lost"


ENDS = {Said.REJECTED, Said.WON, Said.LOST}
# A step may be skipped forward; what has ended is reopened first.
NEXT: dict[Said, tuple[Said, ...]] = {
    Said.NONE: (Said.ACCEPTED, Said.REJECTED, Said.SQL, Said.OPPORTUNITY, Said.WON, Said.LOST),
    Said.ACCEPTED: (Said.SQL, Said.OPPORTUNITY, Said.WON, Said.REJECTED, Said.LOST),
    Said.SQL: (Said.OPPORTUNITY, Said.WON, Said.LOST),
    Said.OPPORTUNITY: (Said.WON, Said.LOST),
    Said.REJECTED: (),
    Said.WON: (),
    Said.LOST: (),
}


def may_follow(before: Said, after: Said) -> bool:
    """True when `after` may be said of a lead of which `before` was said."""
    return after in NEXT[before]
