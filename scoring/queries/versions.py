"""Which versions score, and what they opened that routing has not taken up."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Q

from scoring.models import Qualification, Version


def live_versions() -> list[Version]:
    """Versions that are scored now: live, and testing (which open nothing). With their definition and motion."""
    states = [Version.State.LIVE, Version.State.TESTING]
    rows = Version.objects.filter(state__in=states, definition__archived_at__isnull=True)
    return list(rows.select_related("definition__motion").order_by("published_at", "id"))


def unrouted_qualifications(limit: int, lock: bool = False, but_not: Any = ()) -> Sequence[Qualification]:
    """Open PQLs that routing has not taken up, oldest first, without those of the past that nobody released. lock: take
    them for this transaction; rows that another worker holds are skipped. but_not: keys to leave out, or a query for
    them."""
    rows = Qualification.objects.filter(routed_at__isnull=True, state=Qualification.State.OPEN)
    rows = rows.filter(Q(is_historical=False) | Q(released_at__isnull=False))
    rows = rows.select_related("definition").exclude(pk__in=but_not).order_by("opened_at", "id")
    if lock:
        rows = rows.select_for_update(skip_locked=True, of=("self",))
    return list(rows[:limit])
