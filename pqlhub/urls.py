"""Every address of PQL Hub."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path, re_path

from pqlhub import health
from tenants.api import unknown_address

urlpatterns = [
    path("live", health.live),
    path("ready", health.ready),
    path("", include("tenants.urls")),
    path("accounts/", include("allauth.urls")),
    path("", include("ingestion.urls")),
    path("", include("reports.urls")),
    re_path(r"^api(?:/|$)", unknown_address),  # what no room has: never the console's log-in
    path("", admin.site.urls),
]
if settings.SERVE_METRICS:
    urlpatterns.insert(0, path("", include("django_prometheus.urls")))
