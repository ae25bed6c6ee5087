"""Nobody adds a table with persons in it and forgets that persons can be exported and erased."""

import pytest
from django.db import connection

from pqlhub.privacy.holdings import HOLDINGS, NOT_ABOUT_PERSONS
from tenants import catalogue
from tenants.personal import Scope, count_rows, read_page

pytestmark = pytest.mark.django_db


def test_every_tenant_table_says_what_becomes_of_persons_in_it():
    held = [holding.table for holding in HOLDINGS]

    said, there = {*held, *NOT_ABOUT_PERSONS}, set(catalogue.tenant_tables())

    assert there - said == set(), "Name it in your room's HOLDINGS, or in pqlhub/privacy/holdings.py why not."
    assert said - there == set()
    assert set(held) & set(NOT_ABOUT_PERSONS) == set()


@pytest.mark.parametrize("holding", HOLDINGS, ids=lambda each: each.table)
def test_nobody_in_scope_means_no_rows(in_acme, holding):
    assert count_rows(holding, Scope()) == 0
    assert read_page(holding, Scope(), after=None, size=5) == ([], None)


def test_tables_the_app_cannot_delete_from_are_named(db):
    with connection.cursor() as cursor:
        for holding in HOLDINGS:
            cursor.execute("SELECT has_table_privilege(current_user, %s, 'DELETE')", [holding.table])
            may_delete = cursor.fetchone()[0]
            assert holding.is_kept or may_delete != holding.is_appended, holding.table
