"""Addresses of the reports: the API's, and the pages that the console mounts in its own namespace."""

from django.urls import path, re_path

from reports import api, views

app_name = "reports"
urlpatterns = [re_path(r"^api/v1/reports/(?P<name>[a-z-]+)/?$", api.ReportView.as_view(), name="api_report")]

PAGES = {
    "overview": "",
    "trend": "pqls/",
    "rate": "pql-rate/",
    "speed": "time-to-pql/",
    "conversion": "conversion/",
    "funnel": "funnel/",
    "health": "definitions/",
}
console_pages = [
    *(path(route, views.show, {"name": name}, name=f"reports_{name}") for name, route in PAGES.items()),
    path("rows/", views.rows, name="reports_rows"),
]
