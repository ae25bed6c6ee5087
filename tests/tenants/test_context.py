import pytest
from django.db import connection

from tenants.context import NoTenant, TenantSwitch, current_tenant_id, tenant_context
from tenants.models import BusinessUnit


def test_reading_tenant_data_without_a_tenant_raises(acme):
    with pytest.raises(NoTenant):
        BusinessUnit.objects.count()


def test_each_tenant_sees_only_its_own_rows(acme, globex):
    with tenant_context(acme.pk):
        seen = {unit.tenant_id for unit in BusinessUnit.objects.all()}

    assert seen == {acme.pk}


def test_raw_sql_is_filtered_by_the_database_too(acme, globex):
    with tenant_context(globex.pk), connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT tenant_id FROM tenants_businessunit")
        assert cursor.fetchall() == [(globex.pk,)]


def test_switching_tenant_in_an_open_transaction_raises(acme, globex, settings):
    with tenant_context(acme.pk):
        settings.TENANT_REBIND_IN_SAVEPOINT = False
        with pytest.raises(TenantSwitch), tenant_context(globex.pk):
            pass


def test_context_ends_with_its_block(acme):
    with tenant_context(acme.pk):
        assert current_tenant_id() == acme.pk

    with pytest.raises(NoTenant):
        current_tenant_id()


@pytest.mark.django_db(transaction=True)
def test_nothing_of_the_setting_survives_the_transaction(acme):
    with tenant_context(acme.pk):
        BusinessUnit.objects.count()

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM tenants_businessunit")
        assert cursor.fetchone() == (0,)
