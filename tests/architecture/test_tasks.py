"""Celery tasks and beat's ticks."""

import inspect

import pytest

import pqlhub.tasks
from pqlhub.celery import app
from pqlhub.schedule import TICKS, seed_schedule

assert pqlhub.tasks  # importing it registers the tasks
OURS = {name: task for name, task in app.tasks.items() if not name.startswith("celery.")}


def test_every_tick_names_an_existing_task():
    assert {tick.task for tick in TICKS} == set(OURS)


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_task_names_its_queue_and_survives_new_arguments(name):
    parameters = inspect.signature(OURS[name].run).parameters.values()

    assert app.amqp.router.route({}, name)["queue"].name in {"pulse", "long"}
    assert any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
    assert all(parameter.kind is not parameter.POSITIONAL_OR_KEYWORD for parameter in parameters)


def test_each_tick_goes_to_the_queue_of_its_task():
    queues = {tick.task: app.amqp.router.route({}, tick.task)["queue"].name for tick in TICKS}

    assert queues == {tick.task: tick.queue for tick in TICKS}


@pytest.mark.django_db
def test_seeding_again_keeps_what_an_operator_switched_off():
    from django_celery_beat.models import PeriodicTask

    seed_schedule()
    PeriodicTask.objects.filter(name="upkeep").update(enabled=False)

    seed_schedule()

    assert not PeriodicTask.objects.get(name="upkeep").enabled
