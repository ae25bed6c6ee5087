"""A destination in trouble is seen by those who can mend it, who are told once for each incident."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from delivery.models import Delivery, Destination
from delivery.operations import deliver_due, replay_dead, resume, tell_of_trouble
from delivery.operations.trouble import QUIET
from delivery.rules.schedule import BREAKER_OPENS_AT, MOST_REFUSALS
from pqlhub.pulse import LONG, run_until_idle
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.models import BusinessUnit, Role
from tests.conftest import member
from tests.factories.delivery import make_delivery, make_destination
from tests.receiver import Reply


class Beat:
    """Delivers and mails at a moment the test chooses."""

    def __init__(self, tenant, at) -> None:
        self.tenant, self.at = tenant, at

    def __call__(self, wait: timedelta = timedelta(0)) -> None:
        self.at += wait
        deliver_due(tenant_id=self.tenant.pk, clock=lambda: self.at, why_not=lambda _leads: {})
        run_until_idle(LONG, clock=lambda: self.at, budget_seconds=20, kinds=["notify"])


@pytest.fixture
def beat(acme, now) -> Beat:
    return Beat(acme, now)


@pytest.fixture
def destination(boards, fake, now) -> Destination:
    return make_destination(boards, fake.url, now=now)[0]


@pytest.fixture
def owners(alice, bob, rita, charlie, acme, insights, now) -> list[str]:
    """Of everybody here, those who look after Boards' destinations."""
    member(acme, "ana@acme.test", Role.ANALYST, "Boards", now)
    member(acme, "ines@acme.test", Role.BU_OWNER, "Insights", now)
    left = member(acme, "left@acme.test", Role.BU_OWNER, "Boards", now)
    left.is_active = False
    left.save()
    return ["alice@acme.test", "bob@acme.test"]


def queue(destination: Destination, number: int, at) -> None:
    for place in range(number):
        make_delivery(destination, now=at, effect_key=f"{at} {place}")


def test_ten_given_up_deliveries_are_one_mail(beat, destination, fake, owners, mailoutbox, now):
    queue(destination, 10, now)
    fake.reply = Reply(500, body=b"oops")
    Delivery.objects.update(attempts=9)

    beat()
    beat(timedelta(hours=2))
    beat(timedelta(hours=2))

    (mail,) = mailoutbox
    assert mail.to == owners
    assert mail.subject == "Acme: leads do not reach CRM bridge"
    assert "HTTP 500" in mail.body
    assert f"/delivery/destination/{destination.pk}/change/" in mail.body
    assert Destination.objects.get().told_at == now


def test_an_open_breaker_is_told_with_nothing_given_up(beat, destination, fake, owners, mailoutbox, now):
    queue(destination, BREAKER_OPENS_AT, now)
    fake.reply = Reply(503)

    beat()
    assert mailoutbox == []  # four failures: no breaker yet
    beat()

    assert "5 attempts in a row failed" in mailoutbox[0].body


def test_gone_is_told(beat, destination, fake, owners, mailoutbox, now):
    queue(destination, 1, now)
    fake.reply = Reply(410)

    beat()

    assert "410 Gone" in mailoutbox[0].body
    assert "nothing is sent until somebody resumes it" in mailoutbox[0].body


def test_a_request_refused_for_good_is_given_up_the_same_day(
    beat, destination, fake, owners, mailoutbox, now
):
    queue(destination, 1, now)
    fake.reply = Reply(422)
    for _attempt in range(MOST_REFUSALS):
        beat(timedelta(hours=3))

    assert Delivery.objects.get().state == "dead"
    assert Destination.objects.get().state == "active"  # others may well be taken
    assert len(mailoutbox) == 1


def test_coming_and_going_within_a_day_is_one_incident(beat, destination, fake, owners, mailoutbox, now):
    for reply in (Reply(503), Reply(200), Reply(503), Reply(200)):
        queue(destination, BREAKER_OPENS_AT, beat.at)
        fake.reply = reply
        beat()
        beat()
        beat(timedelta(hours=1))
        beat()

    assert len(mailoutbox) == 1


@pytest.mark.parametrize("mended", [resume, replay_dead])
def test_trouble_after_a_repair_is_told_again(beat, destination, fake, owners, mailoutbox, now, mended):
    fake.reply = Reply(410)
    for _incident in range(2):
        queue(destination, 1, beat.at)
        beat(timedelta(minutes=1))
        mended(destination=destination, by=SYSTEM, now=beat.at)
        resume(destination=destination, by=SYSTEM, now=beat.at)

    assert len(mailoutbox) == 2


def test_a_quiet_day_with_a_delivery_ends_the_incident(beat, destination, fake, owners, mailoutbox, now):
    for _incident in range(2):
        fake.reply = Reply(500)
        queue(destination, BREAKER_OPENS_AT, beat.at)
        beat()
        beat()
        fake.reply = Reply(200)
        beat(QUIET + timedelta(minutes=1))
        beat()

    assert Destination.objects.get().trouble_since is None
    assert len(mailoutbox) == 2


def test_a_mail_server_that_is_down_is_asked_again(
    beat, destination, fake, owners, mailoutbox, now, settings
):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1  # nobody listens there
    queue(destination, 1, now)
    fake.reply = Reply(410)
    beat()
    assert Destination.objects.get().told_at is None

    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    beat(timedelta(minutes=5))

    assert len(mailoutbox) == 1


def test_another_tenant_hears_nothing(beat, destination, fake, globex, charlie, mailoutbox, now):
    with tenant_context(globex.pk):
        make_destination(BusinessUnit.objects.get(), fake.url, now=now)
    queue(destination, 1, now)
    fake.reply = Reply(410)
    beat()
    mailoutbox.clear()

    tell_of_trouble(tenant_id=globex.pk, clock=lambda: now)

    assert mailoutbox == []


def figures(client) -> dict[str, str]:
    return {
        str(f.label): f.value for f in client.get(reverse("admin:index")).context["figures"] if f.is_urgent
    }


def test_home_shows_it_to_those_who_can_act(acme, as_user, boards, bob, rita, fake):
    now = timezone.now()
    gone, _secret = make_destination(boards, fake.url, now=now, name="Gone")
    failing, _secret = make_destination(boards, fake.url + "/failing", now=now, name="Failing")
    fake.reply = lambda request: Reply(503 if request.path.endswith("failing") else 410)
    queue(gone, 1, now)
    queue(failing, BREAKER_OPENS_AT, now)
    for _beat in range(2):
        deliver_due(tenant_id=acme.pk, clock=timezone.now, why_not=lambda _leads: {})

    wanted = {"Not delivered": "1", "Stopped destinations": "1", "Failing destinations": "1"}
    assert figures(as_user(bob)).items() >= wanted.items()
    assert not figures(as_user(rita)).keys() & wanted.keys()
    assert "Failing</span>" in as_user(bob).get("/delivery/destination/").content.decode()


def test_all_given_up_ones_are_sent_again_after_the_repair(acme, as_user, boards, bob, fake):
    now = timezone.now()
    destination, _secret = make_destination(boards, fake.url, now=now)
    queue(destination, 6, now)
    Delivery.objects.update(attempts=9)
    fake.reply = Reply(500)
    for _beat in range(2):
        deliver_due(tenant_id=acme.pk, clock=timezone.now, why_not=lambda _leads: {})
    client, page = as_user(bob), f"/delivery/destination/{destination.pk}/"
    text = client.get(page + "change/").content.decode()
    for said in ("6 deliveries were given up", "not mailed yet", "Send all given-up ones again"):
        assert said in text, said

    fake.reply = Reply(200)
    client.post(page + "do/", {"do": "replay"})
    for _beat in range(2):
        deliver_due(tenant_id=acme.pk, clock=timezone.now, why_not=lambda _leads: {})

    assert set(Delivery.objects.values_list("state", flat=True)) == {"done"}
    assert set(fake.effects.values()) == {2}  # each under the webhook-id it had before
