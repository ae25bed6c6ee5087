"""F1, with two real transactions at once."""

import threading

import pytest
from django.db import connection

from experiments.models import Assignment, Exposure
from tenants.context import tenant_context
from tenants.models import BusinessUnit
from tests.factories.experiments import assign_person, running_holdout


@pytest.mark.django_db(transaction=True)
def test_assign_two_workers_one_row(acme, now, settings):
    settings.TENANT_REBIND_IN_SAVEPOINT = False
    with tenant_context(acme.pk):
        unit = BusinessUnit.objects.get()
        running_holdout(unit, now=now)
    together = threading.Barrier(2)
    answers: list[list[bool]] = []

    def worker() -> None:
        together.wait()
        with tenant_context(acme.pk):
            answers.append([assign_person(unit, person, now=now).held_out for person in range(40)])
        connection.close()

    threads = [threading.Thread(target=worker) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers[0] == answers[1]
    with tenant_context(acme.pk):
        assert Assignment.objects.count() == 40
        assert Exposure.objects.count() == 40
