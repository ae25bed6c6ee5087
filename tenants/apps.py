from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class TenantsConfig(AppConfig):
    name = "tenants"
    verbose_name = _("Settings")  # the first word of the breadcrumbs: the sidebar's heading

    def ready(self) -> None:
        from tenants.global_tables import grant_global_tables

        post_migrate.connect(grant_global_tables, dispatch_uid="grant_global_tables")
