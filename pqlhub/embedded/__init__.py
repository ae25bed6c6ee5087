"""A real PostgreSQL 18 for machines where nobody installed one: started, found again and stopped by us.

Imports nothing of Django, because settings ask here for the address of the database.
"""

import sys

from pqlhub.embedded.errors import USE_YOUR_OWN, EmbeddedError

if sys.platform == "win32":
    raise EmbeddedError(f"The built-in PostgreSQL runs on Linux and macOS only: {USE_YOUR_OWN}.")

from pqlhub.embedded.server import EmbeddedServer, default_home, running_server
from pqlhub.embedded.state import ServerUrls

__all__ = ["EmbeddedError", "EmbeddedServer", "ServerUrls", "default_home", "running_server"]
