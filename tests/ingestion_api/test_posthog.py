"""PostHog's events as items of the Segment shape, and its addresses as its SDKs use them."""

import base64
import gzip
import json
from datetime import UTC, datetime
from urllib.parse import quote

import orjson
import pytest
from hypothesis import given

from ingestion.models import Event
from ingestion.operations import fold_inbox
from ingestion.rules import check_shape, normalise
from ingestion.rules.dialects import Ignored, Refusal
from ingestion.rules.dialects.posthog import IGNORED, translate
from tenants.context import tenant_context
from tests.ingestion_api.conftest import make_product
from tests.ingestion_api.test_json_text import JSON_VALUES

RECEIVED = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
CAPTURE = {"event": "Report Exported", "uuid": "m1", "distinct_id": "u1", "properties": {"pages": 3}}
EVENT_PATHS = ["/batch", "/capture", "/e", "/i/v0/e", "/i/v1/analytics/events"]


def read(item, **options):
    return translate(item, received_at=RECEIVED, **options)


def event(name, distinct_id="u1", **properties):
    return {"event": name, "distinct_id": distinct_id, "uuid": "m1", "properties": properties}


def test_a_captured_event_is_a_track_call_of_its_user():
    item = CAPTURE | {"timestamp": "2026-03-10T11:00:00Z"}
    assert read(item, sent_at="2026-03-10T11:00:01Z") == {
        "type": "track",
        "event": "Report Exported",
        "userId": "u1",
        "messageId": "m1",
        "timestamp": "2026-03-10T11:00:00Z",
        "sentAt": "2026-03-10T11:00:01Z",
        "properties": {"pages": 3},
    }


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("$identify", "identify"),
        ("$set", "identify"),
        ("$set_once", "identify"),
        ("$pageview", "page"),
        ("$screen", "screen"),
        ("$pageleave", "track"),
        ("$autocapture", "track"),
    ],
)
def test_events_of_posthog_have_their_kind(name, kind):
    translated = read(event(name))
    assert translated["type"] == kind
    assert translated.get("event") == (name if kind == "track" else None)


@pytest.mark.parametrize("where", ["properties", "event"])
def test_what_is_set_are_traits_and_what_is_set_once_only_fills(where):
    said = {"$set": {"plan": "pro"}, "$set_once": {"plan": "free", "campaign": "ads", "utm_term": None}}
    item = event("$identify", **said) if where == "properties" else event("$set") | said
    translated = read(item)
    assert translated["traits"] == {"plan": "pro"}
    assert translated["traitsOnce"] == {"plan": "free", "campaign": "ads"}
    message = normalise(translated, {}, "server", RECEIVED, {})
    assert (message.traits, message.once) == ({"plan": "pro", "campaign": "ads"}, {"campaign"})


def test_traits_come_with_any_event_and_unset_empties_them():
    translated = read(event("Report Exported", **{"$set": {"role": "admin"}, "$unset": ["plan"], "n": 1}))
    assert (translated["traits"], translated["properties"]) == ({"role": "admin", "plan": None}, {"n": 1})


@pytest.mark.parametrize(
    ("properties", "ids"),
    [
        ({}, {"userId": "d"}),
        ({"$process_person_profile": False}, {"anonymousId": "d"}),
        ({"$is_identified": False, "$process_person_profile": True}, {"anonymousId": "d"}),
        ({"$is_identified": True, "$device_id": "x"}, {"userId": "d"}),
        ({"$device_id": "d"}, {"anonymousId": "d"}),
        ({"$device_id": "x", "$user_id": "d"}, {"userId": "d"}),
    ],
)
def test_a_distinct_id_is_a_user_once_somebody_has_logged_in(properties, ids):
    translated = read(event("visit", "d", **properties))
    assert {name: translated[name] for name in ("userId", "anonymousId") if name in translated} == ids


def test_identify_joins_the_anonymous_id_to_the_user():
    translated = read(event("$identify", "u1", **{"$anon_distinct_id": "a1", "$device_id": "a1"}))
    assert (translated["userId"], translated["anonymousId"]) == ("u1", "a1")


def test_browser_events_name_their_user_among_the_properties():
    item = {"event": "visit", "properties": {"distinct_id": "u1", "token": "secret", "n": 1}}
    assert read(item) == {"type": "track", "event": "visit", "userId": "u1", "properties": {"n": 1}}


@pytest.mark.parametrize(
    ("groups", "account"),
    [
        ({"company": "acme"}, "acme"),
        ({"project": "p", "Organization": 7}, 7),
        ({"workspace": "w", "company": "acme"}, "acme"),
        ({"company": "", "workspace": "w"}, "w"),
        ({"project": "p"}, None),
        ("company", None),
    ],
)
def test_the_group_of_a_known_type_is_the_account(groups, account):
    assert read(event("visit", **{"$groups": groups})).get("context", {}).get("groupId") == account


def test_group_identify_sets_the_traits_of_an_account():
    properties = {"$group_type": "company", "$group_key": "acme", "$group_set": {"plan": "pro"}}
    translated = read(event("$groupidentify", **properties))
    assert (translated["type"], translated["groupId"], translated["userId"]) == ("group", "acme", "u1")
    assert translated["traits"] == {"plan": "pro"}


@pytest.mark.parametrize(
    ("distinct_id", "library"),
    [("$company_acme", "posthog-node"), ("746ba9e5-9cea-431b-bed7-20ce32dd233d", "posthog-python")],
)
def test_a_group_told_of_without_a_person_gets_one_placeholder(distinct_id, library):
    properties = {"$group_type": "company", "$group_key": "acme", "$lib": library}
    translated = read(event("$groupidentify", distinct_id, **properties))
    assert (translated["anonymousId"], translated.get("userId")) == ("$company_acme", None)


def test_a_group_that_is_no_account_is_refused_by_name():
    refusal = read(event("$groupidentify", **{"$group_type": "project", "$group_key": "p"}))
    assert refusal.reason.code == "unknown_group_type"
    assert "“project”" in refusal.reason.detail


def test_an_alias_names_the_other_id():
    translated = read(event("$create_alias", "u1", alias="a1", **{"$is_identified": False}))
    assert (translated["type"], translated["userId"], translated["previousId"]) == ("alias", "u1", "a1")
    assert read(event("$create_alias")).reason.code == "missing_previous_id"


def test_pages_and_screens_have_the_names_we_know():
    page = read(event("$pageview", **{"$current_url": "https://x/pricing", "$pathname": "/pricing"}))
    assert page["properties"]["path"] == page["context"]["page"]["path"] == "/pricing"
    assert read(event("$screen", **{"$screen_name": "Home"}))["name"] == "Home"


def test_the_context_says_browser_address_and_library():
    said = {"$raw_user_agent": "Mozilla/5.0", "$ip": "1.2.3.4", "$lib": "web", "$lib_version": "1.4"}
    context = read(event("visit", **said))["context"]
    assert (context["userAgent"], context["ip"]) == ("Mozilla/5.0", "1.2.3.4")
    assert context["library"] == {"name": "posthog-js", "version": "1.4"}
    assert read(CAPTURE, library="posthog-python/7.9")["context"]["library"]["name"] == "posthog-python"


@pytest.mark.parametrize("name", sorted(IGNORED))
def test_what_an_sdk_reports_on_itself_is_ignored(name):
    assert read(event(name)) == Ignored(name, "m1")


def test_an_older_browser_says_how_long_ago_it_was():
    assert read(CAPTURE | {"offset": 90_000})["timestamp"] == "2026-03-10T11:58:30+00:00"


@pytest.mark.parametrize(
    "kept",
    [{"options": {"disable_skew_correction": True}}, {"properties": {"$ignore_sent_at": True}}],
)
def test_times_that_are_not_to_be_corrected_are_not(kept):
    item = CAPTURE | {"timestamp": "2026-03-10T11:00:00Z"} | kept
    assert "sentAt" not in read(item, sent_at="2026-03-10T11:00:01Z")


@given(JSON_VALUES)
def test_any_value_is_translated_refused_or_ignored(value):
    for item in (value, event("$pageview") | {"properties": value}, event("$groupidentify", value)):
        translated = read(item, sent_at=value)
        if isinstance(translated, dict) and check_shape(translated) is None:
            normalise(translated, {}, "server", RECEIVED, {})
        else:
            assert isinstance(translated, dict | Refusal | Ignored)


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("path", EVENT_PATHS)
def test_every_address_stores_an_event_once_whatever_the_retries(client, product, stranger, path, slash):
    body = {"api_key": product.secret, "batch": [CAPTURE]}
    for _attempt in range(2):
        response = client.post(path + slash, json.dumps(body), content_type="text/plain")
        assert (response.status_code, response.json()["accepted"]) == (200, 1)
    with tenant_context(product.tenant.pk):
        folded = fold_inbox(now=datetime.now(UTC))
    assert (folded.events, folded.duplicates) == (1, 1)
    assert stranger.inbox() == []


def form(body):
    return b"data=" + quote(base64.b64encode(json.dumps(body).encode()), safe="").encode()


@pytest.mark.parametrize("pack", [form, lambda body: gzip.compress(json.dumps(body).encode())])
@pytest.mark.parametrize(
    "shape",
    [
        lambda key: {"api_key": key, **CAPTURE},
        lambda key: {"token": key, "batch": [CAPTURE]},
        lambda key: [CAPTURE | {"properties": {"token": key, "pages": 3}}],
    ],
)
def test_bodies_are_read_as_browsers_pack_them(client, product, pack, shape):
    response = client.post("/e/?compression=x", pack(shape(product.secret)), content_type="text/plain")
    assert response.json()["status"] == "Ok"
    (item,) = product.inbox()
    assert item["properties"] == {"pages": 3}


def test_an_event_comes_by_get_too(client, product):
    data = base64.b64encode(json.dumps(CAPTURE).encode()).decode()
    response = client.get("/capture/", {"data": data, "api_key": product.secret})
    assert (response.status_code, response.json()["accepted"]) == (200, 1)


def test_one_bad_event_is_kept_with_its_reason_and_ignored_ones_are_told(send, product):
    batch = [CAPTURE, {"event": "x", "uuid": "m2"}, event("$feature_flag_called"), 7]
    said = send({"batch": batch}, "/batch/").said
    assert (said["accepted"], said["ignored"]) == (1, 1)
    assert [(error["index"], error["code"]) for error in said["rejected"]] == [
        (1, "missing_user_id"),
        (3, "not_an_object"),
    ]
    assert "distinct_id" in product.quarantined()[0].detail


def test_the_newer_address_tells_the_result_of_each_event_by_its_uuid(send, product):
    batch = [CAPTURE, {"event": "x", "uuid": "m2"}, event("$snapshot") | {"uuid": "m3"}]
    headers = {"PostHog-Sdk-Info": "posthog-python/7.9", "Authorization": f"Bearer {product.secret}"}
    results = send({"batch": batch}, "/i/v1/analytics/events", **headers).said["results"]
    assert {uuid: result["result"] for uuid, result in results.items()} == {
        "m1": "ok",
        "m2": "drop",
        "m3": "warning",
    }
    assert product.inbox()[0]["context"]["library"] == {"name": "posthog-python", "version": "7.9"}


def test_a_migration_of_history_keeps_its_times_and_is_marked(client, acme, now):
    product = make_product(acme, now, kind="browser")
    item = CAPTURE | {"timestamp": "2024-01-01T00:00:00Z"}
    body = {"api_key": product.secret, "batch": [item], "sent_at": "2024-01-01T00:00:05Z"}
    for historical in (True, False):
        client.post("/batch/", json.dumps(body | {"historical_migration": historical}), content_type="x/y")
    assert ["sentAt" in item for item in product.inbox()] == [False, True]
    with tenant_context(acme.pk):
        fold_inbox(now=now)
        assert Event.objects.get().context.get("historical") is True


@pytest.mark.parametrize("body", [b"", b"{", b"3", b"{}", b'{"batch": 3}', b"data=%%%", b"data=AAAA"])
def test_a_body_that_is_no_batch_is_400(send, body):
    response = send(body, "/e/")
    assert response.status_code == 400
    assert set(response.said) == {"success", "code", "message"}


def test_a_wrong_key_is_401(client, product):
    for place in ({"api_key": "pql_w_none"}, {}):
        response = client.post(
            "/batch/", json.dumps({"batch": [CAPTURE], **place}), content_type="text/plain"
        )
        assert (response.status_code, response.json()["code"]) == (401, "invalid_write_key")


@pytest.mark.parametrize(("path", "flags"), [("/flags/?v=2", {}), ("/flags?v=4", {}), ("/decide/?v=1", [])])
def test_there_are_no_feature_flags(client, db, path, flags):
    for response in (client.post(path, "{}", content_type="text/plain"), client.get(path)):
        said = orjson.loads(response.content)
        assert (said["flags"], said["featureFlags"], said["errorsWhileComputingFlags"]) == ({}, flags, False)


def test_the_remote_config_of_a_known_key_lets_browsers_zip(client, product):
    for path in (f"/array/{product.secret}/config", f"/array/{product.secret}/config/"):
        response = client.get(path)
        assert "gzip-js" in response.json()["supportedCompression"]
        assert response["Access-Control-Allow-Origin"] == "*"
    assert client.get("/array/pql_w_none/config").status_code == 404


@pytest.mark.parametrize(
    "path", ["/array/x/config.js", "/api/surveys/?token=x", "/api/feature_flag/local_evaluation"]
)
def test_what_posthog_has_and_we_do_not_is_404_and_never_the_log_in(client, db, path):
    assert client.get(path).json()["code"] == "not_found"
