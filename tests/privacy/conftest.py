"""Two companies with the same people in them, so that what is done in one shows in the other."""

import pytest

from tenants.context import tenant_context
from tests.factories.ingestion import START, alias, group, identify, send_and_fold, track
from tests.factories.scoring import make_action, make_live, signal

ADA = "Ada.Lovelace@Analytical.test"
TELLING = ["ada.lovelace@", "ada-1842", "anon-ada-77", "old-ada-cookie", "Countess", "+44 20 7946"]


def live(tenant):
    """Ada, known under four ids, and Charles, who invited her, in one workspace; and both in a score."""
    with tenant_context(tenant.pk):
        from tenants.models import BusinessUnit

        root = BusinessUnit.objects.get(parent__isnull=True)
        make_live(signal(make_action()), business_unit=root, level=1)
    send_and_fold(
        tenant,
        [
            track(None, "Page seen", anon="anon-ada-77", properties={"ref": "newsletter"}),
            identify(
                "ada-1842",
                anon="anon-ada-77",
                traits={"email": ADA, "name": "Countess", "phone": "+44 20 7946"},
            ),
            alias("ada-1842", "old-ada-cookie"),
            group("ada-1842", "engine-works", traits={"name": "Engine Works", "owner": ADA}),
            track("ada-1842", "Invited a colleague", account="engine-works"),
            identify("charles-9", traits={"email": "charles@engine.test", "name": "Charles"}),
            track(
                "charles-9", "Invited", account="engine-works", properties={"to": ADA, "by": ["ada-1842", 7]}
            ),
            track("charles-9", "Invited a colleague", account="engine-works", ts=START),
            {
                "type": "track",
                "userId": "ada-1842",
                "event": "Broken",
                "timestamp": "2026-03-01T09:00:00Z",
                "properties": "not an object",
            },
        ],
    )
    return tenant


@pytest.fixture(autouse=True)
def _home(settings, tmp_path):
    settings.HOME = tmp_path


@pytest.fixture
def engine(acme):
    return live(acme)


@pytest.fixture
def twin(globex):
    return live(globex)
