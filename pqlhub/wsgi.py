"""The web process. It refuses to serve with a database role that could see through the tenant wall."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pqlhub.settings")
application = get_wsgi_application()

from tenants.guard import assert_safe_role_when_connected

assert_safe_role_when_connected()
