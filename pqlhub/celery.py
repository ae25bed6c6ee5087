"""The Celery application: a metronome and hands. What is due is in the database (tenants.work), never in the broker."""

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, worker_init

from pqlhub import file_broker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pqlhub.settings")

file_broker.register()
app = Celery("pqlhub")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
@beat_init.connect
def refuse_unsafe_role(**kwargs: Any) -> None:
    """A worker that could see through the tenant wall must not start."""
    from tenants.guard import assert_safe_role

    assert_safe_role()
