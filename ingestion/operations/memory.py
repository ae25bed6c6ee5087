"""Python's cycle collector, out of the way of bulk work."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """A slice makes hundreds of thousands of objects and no cycles, and each of them may set off a walk over all of
    Django: a third of the fold's time, measured. References still free everything at once."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
