"""Every call of our own OpenAPI description, with what fits it and with what does not: the answers are those described,
none is a server error, every refusal says why, and no good event of a request is lost."""

import base64
import json
from itertools import count

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.config import GenerationConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig

from ingestion.models import Event, Inbox, QuarantinedEvent
from tenants.context import tenant_context
from tenants.models import ApiToken
from tests.factories.ingestion import fold, track
from tests.factories.tenants import make_api_token
from tests.ingestion_api.conftest import make_product

CONFIG = SchemathesisConfig(
    projects=ProjectsConfig(
        default=ProjectConfig(generation=GenerationConfig(with_security_parameters=False))
    )
)
DESCRIBED = schemathesis.openapi.from_dict(
    SchemaGenerator().get_schema(request=None, public=True), config=CONFIG
)
DESCRIBED.app = get_wsgi_application()
CALLS = [result.ok() for result in DESCRIBED.get_all_operations()]
EVENT_CALLS = [call for call in CALLS if call.path.startswith("/v1/")]
REST_CALLS = [call for call in CALLS if call.path.startswith("/api/")]

load_all_checks()
TRUE_TO_ITS_DESCRIPTION = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
]
# An event that fits nothing is answered 200 and kept in quarantine; a REST call refuses what does not fit, and may
# refuse what does: the key of nothing.
EVENT_ANSWERS = CHECKS.get_by_names([*TRUE_TO_ITS_DESCRIPTION, "positive_data_acceptance"])
REST_ANSWERS = CHECKS.get_by_names([*TRUE_TO_ITS_DESCRIPTION, "negative_data_rejection"])

# What only a batch's own context can be to blame for: an account that is none, traits that are none.
SAID_BY_THE_BATCH = ["invalid_id", "blocked_id", "invalid_traits"]

few, many = pytest.param(12, id="few"), pytest.param(150, id="many", marks=pytest.mark.prove)


@pytest.fixture(autouse=True)
def _connection_stays_open():
    """As Django's own test client does: a test's transaction must outlive its requests."""
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    yield
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


def fuzz(call, examples, check):
    """Ask `check` about cases of the call, the same ones in every run."""
    fitting = call.as_strategy(GenerationMode.POSITIVE)
    broken = call.as_strategy(GenerationMode.NEGATIVE)

    @seed(1)
    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=st.one_of(fitting, broken))
    def run(case):
        check(case)

    run()


def test_all_calls_are_known():
    assert len(EVENT_CALLS) >= 8
    assert len(REST_CALLS) >= 2
    assert len(EVENT_CALLS) + len(REST_CALLS) == len(CALLS)


@pytest.mark.parametrize("examples", [few, many])
@pytest.mark.parametrize("call", EVENT_CALLS, ids=lambda call: call.path)
def test_events_are_stored_or_kept_in_quarantine_and_told(acme, globex, now, call, examples):
    product, numbers, good, kept = make_product(acme, now), count(), [], [0]
    key = base64.b64encode(f"{product.secret}:".encode()).decode()

    def check(case):
        is_batch = isinstance(case.body, dict) and isinstance(case.body.get("batch"), list)
        if is_batch:
            good.append(f"good-{next(numbers)}")
            case.body["batch"].insert(0, track("somebody", "Good", id=good[-1]))
            case.body["batch"].append(track("somebody", "Good", id=good[-1]))
        before = waiting(acme)
        response = case.call(headers={"Authorization": f"Basic {key}"})
        case.validate_response(response, checks=EVENT_ANSWERS)
        said, after = json.loads(response.content), waiting(acme)
        if response.status_code == 200:
            assert all(each["code"] and each["message"] for each in said["rejected"])
            new = after[0] - before[0], after[1] - before[1]
            assert new == (said["accepted"], len(said["rejected"]))
            kept[0] += sum(new)
        else:
            assert said["code"]
            assert len(said["message"]) > 10
            assert after == before
            if is_batch:
                good.pop()

    fuzz(call, examples, check)

    with tenant_context(acme.pk):
        refused = QuarantinedEvent.objects.count()
        result = fold(acme)
        assert result.events + result.duplicates + result.quarantined + refused == kept[0]
        assert QuarantinedEvent.objects.count() == refused + result.quarantined
        assert not QuarantinedEvent.objects.filter(code="not_understood").exists()
        stored = set(Event.objects.filter(name="Good").values_list("message_id", flat=True))
        spoiled = QuarantinedEvent.objects.filter(event_name="Good", code__in=SAID_BY_THE_BATCH)
        assert stored | set(spoiled.values_list("message_id", flat=True)) == set(good)
    with tenant_context(globex.pk):
        assert not Event.objects.exists()


def waiting(tenant):
    """(events in the inbox, events in quarantine)."""
    with tenant_context(tenant.pk):
        bodies = Inbox.objects.values_list("payload", flat=True)
        return sum(len(json.loads(bytes(body))["batch"]) for body in bodies), QuarantinedEvent.objects.count()


@pytest.mark.parametrize("examples", [few, many])
@pytest.mark.parametrize("call", REST_CALLS, ids=lambda call: f"{call.method} {call.path}")
def test_rest_calls_answer_as_described(corporate, alice, acme, call, examples):
    _token, secret = make_api_token(
        creator=alice, business_unit=corporate, now=timezone.now(), scopes=list(ApiToken.Scope.values)
    )

    def check(case):
        case.query = {
            name: value for name, value in case.query.items() if value != ""
        }  # as a form left empty
        response = case.call(headers={"Authorization": f"Bearer {secret}"})
        case.validate_response(response, checks=REST_ANSWERS)
        if response.status_code >= 400:
            said = json.loads(response.content)
            assert said["code"]
            assert len(said["message"]) > 10

    fuzz(call, examples, check)
