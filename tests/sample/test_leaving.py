"""Nothing leaves sample data, by any way out; and every way out is known."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from delivery.models import Delivery, DeliveryAttempt, Destination
from delivery.operations import send_test, tell_of_trouble
from ingestion.models import DataAlert
from ingestion.operations import (
    continue_crm_pulls,
    continue_enrichment,
    tell_of_data_alerts,
    try_crm,
)
from ingestion.operations.enriching import try_enrichment
from pqlhub.pulse import PULSE, run_until_idle
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.models import BusinessUnit, Role
from tenants.operations import Refused, enter_sample, invite_member
from tests.factories.any_row import make_row
from tests.factories.crm import crm, make_connection
from tests.factories.delivery import make_destination
from tests.factories.enrichment import make_enrichment, vendor
from tests.receiver import receiver

ROOT = Path(__file__).resolve().parent.parent.parent
ROOMS = ["tenants", "ingestion", "scoring", "experiments", "delivery", "routing", "reports", "pqlhub"]
# Calls of these lead out of this machine.
WAYS_OUT = re.compile(
    r"^\s*(?:from|import) (?:django\.core\.mail|tenants\.connectors\.http"
    r"|httpx|httpcore|requests|smtplib|urllib\.request)\b",
    re.MULTILINE,
)
NOT_OF_A_TENANT = {
    "tenants/connectors/http.py": "what the others call",
    "pqlhub/demo/traffic.py": "the demo's product sends to this machine",
    "pqlhub/demo/__main__.py": "asks this machine whether it is ready",
}


@pytest.fixture
def fake(settings):
    settings.WEBHOOK_ALLOW_PRIVATE_ADDRESSES = True
    with receiver() as box:
        yield box


def send(tenant, url):
    with tenant_context(tenant.pk):
        unit = BusinessUnit.objects.get(parent__isnull=True)
        delivery = send_test(
            destination=make_destination(unit, url, now=timezone.now())[0], by=SYSTEM, now=timezone.now()
        )
    run_until_idle(PULSE, clock=timezone.now, budget_seconds=20)
    with tenant_context(tenant.pk):
        delivery.refresh_from_db()
        return delivery.state, delivery.withheld_because


def test_deliveries_stay_here_and_say_why(opened, acme, fake):
    assert send(opened, fake.url) == ("withheld", "This is sample data: nothing leaves.")
    assert fake.received == []

    assert send(acme, fake.url) == ("done", "")


def test_what_its_history_told_its_automation_was_never_sent(full):
    run_until_idle(PULSE, clock=timezone.now, budget_seconds=60)

    with tenant_context(full.pk):
        assert set(Delivery.objects.values_list("state", flat=True)) == {"withheld"}
        assert not DeliveryAttempt.objects.exists()


def test_nobody_is_mailed_of_trouble(opened, acme, alice, corporate, fake, mailoutbox, now):
    enter_sample(company=acme, user=alice, now=now)
    for tenant in (opened, acme):
        with tenant_context(tenant.pk):
            unit = BusinessUnit.objects.get(parent__isnull=True)
            destination, _secret = make_destination(unit, fake.url, now=now)
            Destination.objects.filter(pk=destination.pk).update(trouble_since=now, trouble_reason="HTTP 500")
            make_row(DataAlert)
        tell_of_trouble(tenant_id=tenant.pk, clock=lambda: now)
        tell_of_data_alerts(tenant_id=tenant.pk, clock=lambda: now)

    assert {mail.subject.partition(":")[0] for mail in mailoutbox} == {"Acme"}
    assert len(mailoutbox) == 2


def test_no_vendor_is_asked(opened, settings):
    settings.WEBHOOK_ALLOW_PRIVATE_ADDRESSES = True
    with vendor() as box:
        with tenant_context(opened.pk):
            enrichment = make_enrichment(box, timezone.now() - timedelta(minutes=1))
            with pytest.raises(ValidationError, match="nothing leaves"):
                try_enrichment(enrichment=enrichment, domain="acme.com", by=SYSTEM, now=timezone.now())
        assert continue_enrichment(tenant_id=opened.pk, clock=timezone.now, seconds=5) is None

        assert box.received == []


def test_no_crm_is_asked(opened, settings):
    settings.WEBHOOK_ALLOW_PRIVATE_ADDRESSES = True
    with crm() as asked:
        with tenant_context(opened.pk):
            connection = make_connection(asked, timezone.now() - timedelta(minutes=1))
            with pytest.raises(ValidationError, match="nothing leaves"):
                try_crm(connection=connection)
        assert continue_crm_pulls(tenant_id=opened.pk, clock=timezone.now, seconds=5) is None

        assert asked.box.received == []


def test_nobody_is_invited(opened, alice, mailoutbox, now):
    with tenant_context(opened.pk), pytest.raises(Refused, match="nothing leaves"):
        invite_member(
            email="new@acme.test",
            role=Role.REP,
            business_unit=BusinessUnit.objects.get(name="Boards"),
            invited_by=alice,
            by=SYSTEM,
            now=now,
        )

    assert mailoutbox == []


def test_every_way_out_asks():
    leading_out = {
        str(path.relative_to(ROOT)): path.read_text()
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        if WAYS_OUT.search(path.read_text())
    }

    assert {name for name, text in leading_out.items() if "why_nothing_leaves()" not in text} == set(
        NOT_OF_A_TENANT
    )
