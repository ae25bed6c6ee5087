"""The composition root as a Django app, and the admin site it makes the default."""

from typing import Any

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext, gettext_lazy

import charts


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
    default_site = "pqlhub.console.ConsoleSite"
