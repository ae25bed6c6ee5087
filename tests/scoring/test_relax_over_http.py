"""The real log-ins again, as a product would send them: over HTTP, in any order. The numbers must not change."""

import random
import time
from datetime import UTC

import pyarrow.parquet as pq
import pytest
from django.core.management import call_command
from django.utils import timezone

from ingestion.models import Event
from ingestion.operations import accept_batch
from scoring.models import ReplayRun
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.operations import create_source, create_tenant, issue_write_key
from tenants.queries import find_write_key
from tests.factories.ingestion import make_action
from tests.factories.scoring import make_draft, signal
from tests.replays import cut, fold_all, send_all
from tests.scoring.test_relax import FIRST, LAST, RELAX, check_numbers

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.prove,
    pytest.mark.timeout(1200),
    pytest.mark.skipif(not RELAX.is_dir(), reason="needs ../shared/data/relax beside the repository"),
]


def log_ins():
    """Every event as a track call, user ids as the numbers they are."""
    rows = pq.read_table(RELAX / "relax_events.parquet").to_pylist()
    return [
        {
            "type": "track",
            "event": row["event"],
            "messageId": str(row["event_id"]),
            "userId": row["user_id"],
            "timestamp": row["timestamp"].replace(tzinfo=UTC).isoformat(),
            "context": {"groupId": row["account_id"]},
        }
        for row in rows
    ]


def prepared(slug, now):
    """A tenant with the definition of test_relax as a draft, and a write key."""
    tenant = create_tenant(slug=slug, name=slug, time_zone="UTC", by=SYSTEM, now=now)
    with tenant_context(tenant.pk):
        login = make_action("login")
        make_draft(signal(login, kind="distinct_days", at_least=3), name="Adopted")
        source = create_source(name="Over HTTP", kind="server", by=SYSTEM, now=now)
        _key, secret = issue_write_key(source=source, by=SYSTEM, now=now)
    return tenant, secret


def replayed(tenant):
    call_command(
        "replay", "--tenant", tenant.slug, "--definition", "Adopted", "--from", str(FIRST), "--to", str(LAST)
    )
    with tenant_context(tenant.pk):
        return ReplayRun.objects.get()


@pytest.mark.django_db(transaction=True)
def test_shuffled_over_http_gives_the_truth(now, settings, tmp_path, figure):
    settings.TENANT_REBIND_IN_SAVEPOINT = False
    rng, events = random.Random(1), log_ins()
    rng.shuffle(events)
    tenant, secret = prepared("http", now)

    seconds = send_all(events, rng, secret, tmp_path)
    began = time.perf_counter()
    fold_all()
    folded = time.perf_counter() - began
    figure(f"Relax over HTTP: accepted {len(events) / seconds:,.0f}/s, folded {len(events) / folded:,.0f}/s")

    run = replayed(tenant)
    with tenant_context(tenant.pk):
        assert Event.objects.count() == 207_917
        check_numbers("shuffled over HTTP", run, figure)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("order", range(7))
def test_any_order_of_arrival_gives_the_truth(now, settings, order, figure):
    settings.TENANT_REBIND_IN_SAVEPOINT = False
    rng, events = random.Random(order), log_ins()
    rng.shuffle(events)
    tenant, secret = prepared(f"order-{order}", now)
    owner = find_write_key(secret, now=now)

    for batch in cut(events, rng):
        accept_batch(owner=owner, items=batch, envelope={}, client={}, received_at=timezone.now())
    fold_all()

    run = replayed(tenant)
    with tenant_context(tenant.pk):
        check_numbers(f"order of arrival {order + 1}", run, figure)
