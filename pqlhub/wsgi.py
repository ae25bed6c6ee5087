"""The web process. It refuses to start with a database role that could see through the tenant wall."""

import os
from contextlib import suppress

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pqlhub.settings")
application = get_wsgi_application()

from django.db import OperationalError

from tenants.guard import assert_safe_role

with suppress(OperationalError):  # the database is away: requests answer 503 until it is back
    assert_safe_role()
