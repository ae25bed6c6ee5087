"""Destinations and deliveries in the console."""

from urllib.parse import urlencode

import pytest
from django.utils import timezone

from delivery.models import Delivery, Destination
from delivery.operations import deliver_due
from delivery.queries import signing_secrets
from tenants.models import Role
from tests.conftest import member
from tests.factories.delivery import make_delivery, make_destination
from tests.receiver import Reply

LIST, ADD = "/delivery/destination/", "/delivery/destination/add/"


def page_of(destination: Destination, verb: str = "change") -> str:
    return f"{LIST}{destination.pk}/{verb}/"


def form(boards, **changes: str) -> dict[str, str]:
    return {"name": "CRM", "business_unit": str(boards.pk), "url": "https://hooks.example.com/x"} | changes


def test_add_shows_the_secret_once(as_user, bob, boards):
    client = as_user(bob)

    text = client.post(ADD, form(boards, receives_all_leads="on")).content.decode()

    made = Destination.objects.get()
    (secret,) = signing_secrets(made, now=timezone.now())
    assert secret in text
    for url in (LIST, page_of(made), page_of(made, "edit")):
        assert secret not in client.get(url).content.decode()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://hooks.example.com/", "Use an https:// URL"),
        ("https://10.0.0.1/", "not on the public internet"),
        ("https://u:p@hooks.example.com/", "Leave user name and password out"),
        ("https://hooks.example.com:25/", "ports 443 and 8443"),
        ("nonsense", "valid URL"),
    ],
)
def test_add_refuses_url_beside_the_field(as_user, bob, boards, url, said):
    answer = as_user(bob).post(ADD, form(boards, url=url))

    assert said in answer.content.decode()
    assert not Destination.objects.exists()


def test_test_event_reaches_the_receiver_and_shows(acme, as_user, bob, boards, fake):
    destination, _secret = make_destination(boards, fake.url, now=timezone.now())
    client = as_user(bob)

    client.post(page_of(destination, "do"), {"do": "test"})
    deliver_due(tenant_id=acme.pk, clock=timezone.now, why_not=lambda _leads: {})

    assert b'"type":"test.sent"' in fake.received[0].body
    assert "Delivered" in client.get(page_of(destination)).content.decode()


def test_delivery_page_shows_attempts_and_sends_again(acme, as_user, bob, boards, fake):
    destination, _secret = make_destination(boards, fake.url, now=timezone.now())
    delivery = make_delivery(destination, now=timezone.now(), payload={"lead": "<script>Ü</script>"})
    fake.reply = Reply(410, body=b"<b>gone</b>")
    deliver_due(tenant_id=acme.pk, clock=timezone.now, why_not=lambda _leads: {})
    client, url = as_user(bob), f"/delivery/delivery/{delivery.pk}/"

    text = client.get(url + "change/").content.decode()
    client.post(url + "replay/")

    for said in ("410", "&lt;b&gt;gone&lt;/b&gt;", "&lt;script&gt;Ü", f"msg_{delivery.pk.hex}", "Send again"):
        assert said in text, said
    assert Delivery.objects.get().state == "waiting"


def test_stopped_destination_says_why_and_resumes(as_user, bob, boards, now):
    destination, _secret = make_destination(boards, now=now)
    Destination.objects.update(state="broken", stopped_because="The receiver answered 410 Gone.")
    client = as_user(bob)

    assert "410 Gone" in client.get(page_of(destination)).content.decode()
    client.post(page_of(destination, "do"), {"do": "resume"})

    assert Destination.objects.get().state == "active"


def test_rotate_shows_the_new_secret(as_user, bob, boards, now):
    destination, old = make_destination(boards, now=now)

    text = as_user(bob).post(page_of(destination, "do"), {"do": "rotate"}).content.decode()

    new, still = signing_secrets(Destination.objects.get(), now=timezone.now())
    assert (new in text, old in text, still) == (True, False, old)


def test_edit_keeps_unit_and_secret(as_user, bob, boards, now):
    destination, secret = make_destination(boards, now=now)

    answer = as_user(bob).post(
        page_of(destination, "edit"), {"name": "New", "url": "https://other.example.com/"}
    )

    changed = Destination.objects.get()
    assert (answer.status_code, changed.name, changed.receives_all_leads) == (302, "New", False)
    assert signing_secrets(changed, now=now) == [secret]


def test_readers_may_look_and_not_act(acme, boards, as_user, now):
    reader = member(acme, "vera@acme.test", Role.READ_ONLY, "Boards", now)
    destination, _secret = make_destination(boards, now=now)
    client = as_user(reader)

    assert 'name="do"' not in client.get(page_of(destination)).content.decode()
    for command in ("test", "pause", "rotate", "replay"):
        assert client.post(page_of(destination, "do"), {"do": command}).status_code == 403


def test_strangers_see_nothing(acme, insights, as_user, rita, charlie, boards, now):
    destination, _secret = make_destination(boards, now=now)
    delivery = make_delivery(destination, now=now)
    neighbour = member(acme, "ines@acme.test", Role.BU_OWNER, "Insights", now)
    for user in (neighbour, charlie, rita):
        client = as_user(user)
        assert client.get(page_of(destination)).status_code == 404
        assert client.get(f"/delivery/delivery/{delivery.pk}/change/").status_code == 404
        assert client.post(page_of(destination, "do"), {"do": "pause"}).status_code == 404


@pytest.mark.parametrize("command", ["", "delete", "rotate2"])
def test_unknown_command_does_nothing(as_user, bob, boards, now, command):
    destination, _secret = make_destination(boards, now=now)

    assert as_user(bob).post(page_of(destination, "do"), {"do": command}).status_code == 404


@pytest.mark.parametrize("query", [{"to": "x"}, {"state__exact": "nope"}, {"to": "' OR 1=1"}])
def test_deliveries_with_odd_filters(as_user, bob, boards, now, query):
    make_delivery(make_destination(boards, now=now)[0], now=now)

    answer = as_user(bob).get("/delivery/delivery/?" + urlencode(query))

    assert (answer.status_code, "pql.created</a>" in answer.content.decode()) == (200, False)


@pytest.mark.parametrize("url", [LIST, "/delivery/delivery/"])
def test_lists_query_count_does_not_grow(as_user, bob, boards, now, url, django_assert_max_num_queries):
    client = as_user(bob)
    make_delivery(make_destination(boards, now=now)[0], now=now)
    client.get(url)
    counts = []
    for place in range(2):
        with django_assert_max_num_queries(60) as captured:
            client.get(url)
        counts.append(len(captured))
        for number in range(10):
            make_delivery(make_destination(boards, now=now, name=f"{place} {number}")[0], now=now)

    assert counts[0] == counts[1]
