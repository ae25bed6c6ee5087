"""Which tenant this thread of work is for. The wall itself is in the database (row-level security); this module sets
its door: one tenant per transaction, chosen once, when the transaction opens."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, cast

from django.conf import settings
from django.db import connection, transaction

if TYPE_CHECKING:
    from tenants.postgresql.base import DatabaseWrapper

_current: ContextVar[int | None] = ContextVar("pqlhub_tenant_id", default=None)


class NoTenant(RuntimeError):
    """Tenant data was asked for outside `tenant_context`."""


class TenantSwitch(RuntimeError):
    """A transaction that belongs to one tenant (or to none) was asked to go on as another."""


def current_tenant_id() -> int:
    """The tenant of this context. Raises NoTenant outside `tenant_context`."""
    tenant_id = _current.get()
    if tenant_id is None:
        raise NoTenant("No tenant is set. Wrap the call in tenants.context.tenant_context(tenant_id).")
    return tenant_id


def current_tenant_id_or_none() -> int | None:
    """The tenant of this context, or None outside `tenant_context`."""
    return _current.get()


@contextmanager
def tenant_context(tenant_id: int) -> Iterator[None]:
    """Open a transaction that sees exactly one tenant's rows, and commit it at the end.

    Entering it again for the same tenant is a savepoint. Entering it for another tenant, or inside a transaction that
    was opened without a tenant, raises TenantSwitch: what was read before must never mix with what is read after.
    Keep slow calls (HTTP) outside: claim in one context, call, store the result in another.
    """
    tenant_id = int(tenant_id)
    if connection.in_atomic_block and _current.get() != tenant_id:
        if not settings.TENANT_REBIND_IN_SAVEPOINT:
            raise TenantSwitch(
                f"Cannot enter tenant {tenant_id} inside an open transaction of tenant {_current.get()}."
            )
        with _rebound_in_savepoint(tenant_id):
            yield
        return
    token = _current.set(tenant_id)
    try:
        with transaction.atomic():
            yield
    finally:
        _current.reset(token)


@contextmanager
def _rebound_in_savepoint(tenant_id: int) -> Iterator[None]:
    """Tests only: they run inside one outer transaction, so each context re-issues the setting in its savepoint."""
    wrapper = cast("DatabaseWrapper", connection)
    previous = _current.get()
    token = _current.set(tenant_id)
    try:
        with transaction.atomic():
            wrapper.bind_tenant(tenant_id)
            yield
    finally:
        _current.reset(token)
        if not connection.needs_rollback:
            wrapper.bind_tenant(previous)
