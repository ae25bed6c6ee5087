"""Addresses of the tenants room outside the admin."""

from django.urls import path, re_path

from tenants import api
from tenants.views import joining, switching

app_name = "tenants"
urlpatterns = [
    path("join/<str:secret>/", joining.join, name="join"),
    path("no-membership/", joining.no_membership, name="no_membership"),
    path("switch/tenant/", switching.switch_tenant, name="switch_tenant"),
    path("switch/tenant/sample/", switching.switch_to_sample, name="switch_to_sample"),
    path("switch/unit/", switching.switch_unit, name="switch_unit"),
    path("accounts/email/", joining.own_email, name="own_email"),
    re_path(r"^api/v1/me/?$", api.MeView.as_view(), name="me"),
]
