"""Every address of PQL Hub."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from pqlhub import health

urlpatterns = [
    path("live", health.live),
    path("ready", health.ready),
    path("", include("tenants.urls")),
    path("accounts/", include("allauth.urls")),
    path("", include("ingestion.urls")),
    path("", include("reports.urls")),
    path("", admin.site.urls),
]
if settings.SERVE_METRICS:
    urlpatterns.insert(0, path("", include("django_prometheus.urls")))
