"""Real server SDKs against a live server: every event arrives, once, with its own time, whatever the network does."""

import subprocess
from collections import Counter

import pytest

from ingestion.models import Account
from ingestion.models.events import EventKind
from tenants.context import tenant_context
from tests.sdk import python_sdks
from tests.sdk.conftest import FOLDER, fold_all
from tests.sdk.faulty import FAULTS, SLOW_SECONDS, faulty_proxy

pytestmark = [pytest.mark.prove, pytest.mark.django_db(transaction=True)]

TRACKS = 30
PATIENT, IMPATIENT = 10.0, SLOW_SECONDS - 1.5  # seconds a client waits for an answer
PYTHON = {"segment-python": python_sdks.segment_python, "rudder-python": python_sdks.rudder_python}
NODE = ["segment-node", "rudder-node", "legacy-node"]


@pytest.fixture
def drive(request):
    """Run the scenario with an SDK and wait until it has sent everything it will."""

    def drive(sdk, host, key, timeout):
        if sdk in PYTHON:
            PYTHON[sdk](host, key, TRACKS, timeout)
            return
        request.getfixturevalue("node_packages")
        command = ["node", "drive.mjs", sdk, host, key, str(TRACKS), str(int(timeout * 1000))]
        done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr

    return drive


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("sdk", [*PYTHON, *NODE])
def test_every_event_arrives_exactly_once(web, product, drive, sdk, fault):
    timeout = IMPATIENT if fault == "answered too late" else PATIENT
    with faulty_proxy(web.port, FAULTS[fault]) as (host, proxy):
        drive(sdk, host, product.secret, timeout)
    assert not proxy.plan, "the SDK sent too few requests to meet every fault"
    folded = fold_all(product)
    events = folded.events
    assert product.inbox() == []
    if fault == "cut after storing":
        assert folded.duplicates > 0, "the SDK did not send again, so this proves nothing"
    assert Counter(event.kind for event in events) == {
        EventKind.IDENTIFY: 1,
        EventKind.GROUP: 1,
        EventKind.TRACK: TRACKS,
        EventKind.PAGE: 1,
        EventKind.ALIAS: 1,
    }
    tracks = {
        event.properties["n"]: (event.ts, event.properties["note"])
        for event in events
        if "n" in event.properties
    }
    assert tracks == {n: (python_sdks.time_of(n), "ünïcode 🎉") for n in range(TRACKS)}
    with tenant_context(product.tenant.pk):
        account = Account.objects.get()
    assert (account.key, account.traits["name"]) == ("acme", "Acme")
    assert {event.account_id for event in events if event.kind == EventKind.TRACK} == {account.pk}
