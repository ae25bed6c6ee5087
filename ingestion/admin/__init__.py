"""The ingestion room's pages in the console, one module a page."""

from ingestion.admin import (  # noqa: F401
    clean_data,
    consent,
    events,
    firmographics,
    identity,
    imports,
    plans,
    quarantine,
    storage,
    tracking,
)
from ingestion.admin.actions import ActionAdmin
from ingestion.admin.catalogue import EventNameAdmin
from ingestion.admin.lists import ListAdmin

# Registered by the room above, which knows what uses them.
__all__ = ["ActionAdmin", "EventNameAdmin", "ListAdmin"]
