"""Who is looking. What a request shows may hold personal data, and not every role needs it; code without a request
(jobs, commands) shows nothing to anybody and is nobody's view."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from tenants.access import access_of
from tenants.models import User

_viewer: ContextVar[User | None] = ContextVar("pqlhub_viewer", default=None)


@contextmanager
def looking(user: User) -> Iterator[None]:
    """What is shown inside is shown to this user, in the tenant that is open."""
    token = _viewer.set(user)
    try:
        yield
    finally:
        _viewer.reset(token)


def hides_personal_data() -> bool:
    """Whether whoever is looking may not see personal data in the tenant that is open; False where nobody looks. At
    most 1 query a request."""
    user = _viewer.get()
    return user is not None and not access_of(user).sees_personal_data
