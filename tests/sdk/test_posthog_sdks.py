"""PostHog's SDKs with another host and key: every event arrives, once, with its own time, whatever the network does."""

import subprocess
from collections import Counter
from functools import partial

import pytest

from ingestion.models import Account, Identity
from ingestion.models.events import EventKind
from tenants.context import tenant_context
from tests.ingestion_api.conftest import make_product
from tests.sdk import python_sdks
from tests.sdk.conftest import FOLDER, fold_all
from tests.sdk.faulty import FAULTS, SLOW_SECONDS, faulty_proxy
from tests.sdk.test_browser_sdk import page, wait_for  # noqa: F401

pytestmark = [pytest.mark.prove, pytest.mark.django_db(transaction=True)]

TRACKS = 30
PATIENT, IMPATIENT = 10.0, SLOW_SECONDS - 1.5  # seconds a client waits for an answer
PYTHON = {
    "posthog-python": python_sdks.posthog_python,
    "posthog-python v1": partial(python_sdks.posthog_python, capture_mode="v1"),
}
BROWSER = """async ([key, host, tracks]) => {
  await new Promise((loaded) => {
    posthog.init(key, { api_host: host, opt_out_useragent_filter: true, autocapture: false, loaded })
  })
  posthog.capture('visit')
  posthog.identify('u1', { email: 'ann@acme.example' })
  posthog.group('company', 'acme', { name: 'Acme' })
  for (let n = 0; n < tracks; n++) posthog.capture('Report Exported', { n })
}"""


@pytest.fixture
def drive(request):
    """Run the scenario with an SDK and wait until it has sent everything it will."""

    def drive(sdk, host, key, timeout):
        if sdk in PYTHON:
            PYTHON[sdk](host, key, TRACKS, timeout)
            return
        request.getfixturevalue("node_packages")
        command = ["node", "posthog.mjs", host, key, str(TRACKS), str(int(timeout * 1000))]
        done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr

    return drive


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("sdk", [*PYTHON, "posthog-node"])
def test_every_event_arrives_exactly_once(web, product, drive, sdk, fault):
    timeout = IMPATIENT if fault == "answered too late" else PATIENT
    with faulty_proxy(web.port, FAULTS[fault]) as (host, proxy):
        drive(sdk, host, product.secret, timeout)
    assert not proxy.plan, "the SDK sent too few requests to meet every fault"
    events = fold_all(product).events
    assert product.inbox() == []
    assert Counter(event.kind for event in events) == {
        EventKind.IDENTIFY: 1,
        EventKind.GROUP: 1,
        EventKind.TRACK: TRACKS,
        EventKind.PAGE: 1,
        EventKind.ALIAS: 1,
    }
    tracks = {event.properties["n"]: (event.ts, event.properties["note"]) for event in events if event.name}
    assert tracks == {n: (python_sdks.time_of(n), "ünïcode 🎉") for n in range(TRACKS)}
    with tenant_context(product.tenant.pk):
        account = Account.objects.get()
        named = Identity.objects.filter(value__in=["u1", "anonymous-1"])
        (user,) = {identity.person for identity in named.select_related("person")}
    assert (account.key, account.traits["name"]) == ("acme", "Acme")
    assert {event.account_id for event in events if event.kind == EventKind.TRACK} == {account.pk}
    assert user.traits["plan"] == "pro"


@pytest.mark.browser
@pytest.mark.parametrize("plan", [[], ["refuse"]], ids=["calm", "refused"])
def test_events_of_a_page_arrive_once_and_know_their_user(web, acme, now, page, node_packages, plan):  # noqa: F811
    product = make_product(acme, now, kind="browser")
    page.add_script_tag(path=node_packages / "posthog-js/dist/array.full.no-external.js")
    with faulty_proxy(web.port, plan) as (host, _proxy):
        page.evaluate(BROWSER, [product.secret, host, 12])
        events = wait_for(product, 16).events
    tracks = [event for event in events if event.name == "Report Exported"]
    assert sorted(event.properties["n"] for event in tracks) == list(range(12))
    kinds = Counter(event.kind for event in events)
    assert (kinds[EventKind.IDENTIFY], kinds[EventKind.GROUP], kinds[EventKind.PAGE]) == (1, 1, 1)
    with tenant_context(product.tenant.pk):
        persons = set(Identity.objects.values_list("person_id", flat=True))
        assert Account.objects.get().traits == {"name": "Acme"}
    assert len(persons) == 1, "the visit before the log-in is the user's"
    assert all(event.account_id for event in tracks)
