"""The composition root as a Django app, and the admin site it makes the default."""

from typing import Any

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext, gettext_lazy

import charts

ROOMS = {"pqlhub", "reports", "routing", "scoring", "experiments", "delivery", "ingestion", "tenants"}


class ConsoleConfig(AppConfig):
    name = "pqlhub"
    verbose_name = gettext_lazy("Platform")

    def ready(self) -> None:
        charts.use_translator(gettext)
        post_migrate.connect(_seed_schedule, sender=self, dispatch_uid="seed_schedule")


def _seed_schedule(**kwargs: Any) -> None:
    from pqlhub.schedule import seed_schedule

    seed_schedule()


class AdminConfig(DjangoAdminConfig):
    """Our site, with our pages alone: what libraries register (groups, schedules, devices) is not edited here."""

    default_site = "pqlhub.console.ConsoleSite"

    def ready(self) -> None:
        super().ready()
        from django.contrib import admin

        for model in list(admin.site._registry):
            if model._meta.app_config.name not in ROOMS:
                admin.site.unregister(model)
