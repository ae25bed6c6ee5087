"""Who does not count, and statements counted."""

import pytest
from django.db import connection

from ingestion.operations import create_exclusion
from tenants.audit import SYSTEM
from tenants.operations import create_source
from tests.factories import ingestion
from tests.factories.ingestion import START


@pytest.fixture
def make_excluded(in_acme):
    def make(kind, value):
        create_exclusion(kind=kind, value=value, note="", by=SYSTEM, now=START)

    return make


@pytest.fixture
def make_staging(in_acme):
    def make():
        values = {"name": "Staging", "kind": "server", "environment": "staging"}
        return create_source(**values, by=SYSTEM, now=START)

    return make


@pytest.fixture
def counted_statements(acme):
    """How many statements a fold of these messages makes that name the table of touches."""

    def count(items):
        ingestion.send(acme, items)
        seen = []

        def watch(run, sql, params, many, context):
            seen.append(sql)
            return run(sql, params, many, context)

        with connection.execute_wrapper(watch):
            ingestion.fold(acme)
        return sum("ingestion_marketingtouch" in sql for sql in seen)

    return count
