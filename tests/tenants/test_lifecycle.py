"""A tenant's last days: settings, suspension, export and deletion."""

import json
import zipfile
from io import StringIO

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from tenants import catalogue, work
from tenants.audit import SYSTEM, first_broken_link
from tenants.context import tenant_context
from tenants.models import AuditEvent, BusinessUnit, PlatformEvent, Role, Tenant, User
from tenants.operations import (
    Refused,
    change_tenant_settings,
    erase_marked_tenant,
    export_if_requested,
    export_tenant,
    grant_membership,
    request_deletion,
    request_export,
    resume_tenant,
    suspend_tenant,
)
from tests.factories.any_row import make_row, tenant_models
from tests.factories.tenants import make_write_key


def fill(tenant):
    """At least one row in every tenant table."""
    with tenant_context(tenant.pk):
        for model in tenant_models():
            if not model.objects.exists():
                make_row(model)


def rows_left(owner_connection, tenant) -> dict[str, int]:
    found = {}
    with owner_connection.transaction():
        owner_connection.execute(f"SET LOCAL app.tenant_id = '{tenant.pk}'")
        for table in catalogue.tenant_tables():
            count = owner_connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]
            if count:
                found[table] = count
    return found


def test_changing_the_zone_is_audited(in_acme, now):
    change_tenant_settings(
        tenant=in_acme, name="Acme", time_zone="Asia/Tokyo", currency="USD", by=SYSTEM, now=now
    )

    event = AuditEvent.objects.get(verb="tenant.settings_changed")
    assert event.fields == ["currency", "time_zone"]
    assert Tenant.objects.get(pk=in_acme.pk).time_zone == "Asia/Tokyo"


@pytest.mark.parametrize("wrong", [{"time_zone": "Mars/Olympus"}, {"currency": "euro"}, {"name": ""}])
def test_settings_that_make_no_sense_are_refused(in_acme, now, wrong):
    values = {"name": "Acme", "time_zone": "UTC", "currency": "EUR"} | wrong

    with pytest.raises(ValidationError):
        change_tenant_settings(tenant=in_acme, **values, by=SYSTEM, now=now)


def test_suspending_and_resuming_are_logged_once_each(acme, now):
    for _time in range(2):
        suspend_tenant(tenant=acme, by=SYSTEM, now=now)
    resume_tenant(tenant=acme, by=SYSTEM, now=now)

    verbs = list(PlatformEvent.objects.order_by("id").values_list("verb", flat=True))
    assert verbs == ["tenant.created", "tenant.suspended", "tenant.resumed"]


def test_suspended_tenants_work_waits(acme, globex, now):
    for tenant in (acme, globex):
        work.wake(tenant_id=tenant.pk, kind="fold", at=now)
    suspend_tenant(tenant=acme, by=SYSTEM, now=now)

    assert work.claim_next(kinds=["fold"], now=now).tenant_id == globex.pk
    assert work.claim_next(kinds=["fold"], now=now) is None
    resume_tenant(tenant=acme, by=SYSTEM, now=now)
    assert work.claim_next(kinds=["fold"], now=now).tenant_id == acme.pk


def test_export_holds_every_table_and_no_secret(acme, alice, now, tmp_path):
    with tenant_context(acme.pk):
        _key, secret = make_write_key(now=now)

    path = export_tenant(tenant=acme, by=SYSTEM, now=now, target=tmp_path / "acme.zip")

    with zipfile.ZipFile(path) as archive:
        assert {f"{table}.jsonl" for table in catalogue.tenant_tables()} < set(archive.namelist())
        keys = [json.loads(line) for line in archive.read("tenants_writekey.jsonl").splitlines()]
        people = [json.loads(line) for line in archive.read("people.jsonl").splitlines()]
        rows = json.loads(archive.read("manifest.json"))["rows"]
    assert keys[0]["prefix"] == secret[:14]
    assert "secret_hash" not in keys[0]
    assert people == [{"id": str(alice.pk), "email": alice.email, "name": alice.name}]
    assert rows["tenants_businessunit"] == 1


def test_export_holds_one_tenant_only(acme, globex, now, tmp_path):
    fill(globex)

    path = export_tenant(tenant=acme, by=SYSTEM, now=now, target=tmp_path / "acme.zip")

    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            for line in archive.read(name).splitlines() if name.endswith(".jsonl") else ():
                assert json.loads(line).get("tenant_id", acme.pk) == acme.pk


def test_export_pages_through_long_tables(acme, now, tmp_path, monkeypatch):
    monkeypatch.setattr("tenants.operations.export.ROWS_AT_ONCE", 2)
    with tenant_context(acme.pk):
        root = BusinessUnit.objects.get()
        names = {make_row(BusinessUnit, parent=root).name for _n in range(5)} | {root.name}

    path = export_tenant(tenant=acme, by=SYSTEM, now=now, target=tmp_path / "acme.zip")

    with zipfile.ZipFile(path) as archive:
        lines = archive.read("tenants_businessunit.jsonl").splitlines()
    assert sorted(json.loads(line)["name"] for line in lines) == sorted(names)


@pytest.mark.django_db(transaction=True)
def test_deleting_leaves_nothing_of_this_tenant_and_everything_of_others(
    acme, globex, alice, now, owner_connection
):
    fill(acme)
    fill(globex)
    others = rows_left(owner_connection, globex)
    suspend_tenant(tenant=acme, by=SYSTEM, now=now)
    request_deletion(tenant=acme, confirmation="acme", by=SYSTEM, now=now)

    while erase_marked_tenant(tenant_id=acme.pk, seconds=0, by=SYSTEM, now=now):
        pass

    assert rows_left(owner_connection, acme) == {}
    assert rows_left(owner_connection, globex) == others
    assert not Tenant.objects.filter(slug="acme").exists()
    assert PlatformEvent.objects.order_by("id").last().verb == "tenant.deleted"
    with tenant_context(globex.pk):
        assert first_broken_link() is None


@pytest.mark.django_db(transaction=True)
def test_deleting_takes_the_log_ins_of_those_who_belong_nowhere_else(acme, globex, alice, bob, now):
    with tenant_context(globex.pk):
        grant_membership(
            user=alice, business_unit=BusinessUnit.objects.get(), role=Role.ANALYST, by=SYSTEM, now=now
        )
    suspend_tenant(tenant=acme, by=SYSTEM, now=now)
    request_deletion(tenant=acme, confirmation="acme", by=SYSTEM, now=now)

    while erase_marked_tenant(tenant_id=acme.pk, seconds=0, by=SYSTEM, now=now):
        pass

    assert list(User.objects.values_list("email", flat=True)) == ["alice@acme.test"]


@pytest.mark.parametrize(
    ("suspended", "confirmation", "complaint"),
    [(True, "globex", "Type the short name"), (False, "acme", "Suspend")],
)
def test_deletion_asks_twice(acme, now, suspended, confirmation, complaint):
    if suspended:
        suspend_tenant(tenant=acme, by=SYSTEM, now=now)

    with pytest.raises(Refused, match=complaint):
        request_deletion(tenant=acme, confirmation=confirmation, by=SYSTEM, now=now)


def test_tenant_that_is_not_marked_is_not_erased(acme, now):
    assert erase_marked_tenant(tenant_id=acme.pk, seconds=1, by=SYSTEM, now=now) is False

    assert Tenant.objects.filter(pk=acme.pk).exists()


@pytest.mark.parametrize(
    ("status", "table"),
    [("active", "tenants_auditevent"), ("deleting", "tenants_user"), ("deleting", "pg_class")],
)
def test_erasing_function_serves_nothing_but_a_marked_tenants_tables(acme, status, table):
    Tenant.objects.filter(pk=acme.pk).update(status=status)

    with (
        tenant_context(acme.pk),
        connection.cursor() as cursor,
        pytest.raises(DatabaseError),
        transaction.atomic(),
    ):
        cursor.execute("SELECT erase_tenant_slice(%s, 10)", [table])


def test_erasing_function_reaches_the_current_tenant_only(acme, globex):
    Tenant.objects.filter(pk=acme.pk).update(status="deleting")

    with tenant_context(acme.pk), connection.cursor() as cursor:
        cursor.execute("SELECT erase_tenant_slice('tenants_auditevent', 1000)")

    with tenant_context(globex.pk):
        assert AuditEvent.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_commands_carry_a_tenant_through_its_life(settings, tmp_path):
    settings.HOME = tmp_path
    out = StringIO()

    call_command("tenant", "create", "acme", "--name=Acme", "--admin=a@acme.test", stdout=out)
    call_command("tenant", "export", "acme", stdout=out)
    call_command("tenant", "suspend", "acme", stdout=out)
    call_command("tenant", "delete", "acme", "--yes-delete=acme", stdout=out)

    assert "a@acme.test is invited" in out.getvalue()
    assert [path.suffix for path in (tmp_path / "exports").iterdir()] == [".zip"]
    assert not Tenant.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["suspend", "nobody"], "There is no tenant “nobody”"),
        (["create", "Bad Slug", "--name=X", "--admin=a@b.test"], "valid “slug”"),
        (["create", "good", "--name=X", "--admin=nonsense"], "valid email"),
        (["create", "good", "--name=X", "--admin=a@b.test", "--time-zone=Mars"], "not a time zone"),
        (["export", "acme", "--output=/nonexistent/x.zip"], "/nonexistent"),
    ],
)
def test_command_says_what_is_wrong(acme, arguments, complaint):
    with pytest.raises(CommandError, match=complaint):
        call_command("tenant", *arguments)


def test_operator_is_named_and_dismissed(db, alice):
    call_command("operator", alice.email, stdout=StringIO())
    assert User.objects.get(pk=alice.pk).is_platform_operator
    call_command("operator", alice.email, "--dismiss", stdout=StringIO())

    assert not User.objects.get(pk=alice.pk).is_platform_operator
    verbs = PlatformEvent.objects.order_by("id").values_list("verb", flat=True)
    assert list(verbs)[-2:] == ["operator.named", "operator.dismissed"]


def test_new_operator_sets_a_good_password(db, monkeypatch):
    monkeypatch.setattr("sys.stdin", StringIO("short\n"))
    with pytest.raises(CommandError, match="too short"):
        call_command("operator", "op@example.test", "--password-stdin")

    monkeypatch.setattr("sys.stdin", StringIO("a long enough phrase\n"))
    call_command("operator", "op@example.test", "--password-stdin", stdout=StringIO())

    assert User.objects.get().check_password("a long enough phrase")


def test_wall_can_be_checked_from_the_command_line(db):
    out = StringIO()

    call_command("check_tenancy", stdout=out)

    assert "The wall is whole" in out.getvalue()


@pytest.mark.django_db(transaction=True)
def test_requested_export_is_written_once(acme, now, settings, tmp_path):
    settings.HOME = tmp_path
    request_export(tenant=acme, by=SYSTEM, now=now)

    assert export_if_requested(tenant_id=acme.pk, by=SYSTEM, now=now).exists()
    assert export_if_requested(tenant_id=acme.pk, by=SYSTEM, now=now) is None
