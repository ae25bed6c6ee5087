"""History that is handed in counts in scores, and never opens a lead by itself."""

from datetime import timedelta

import pytest
from django.urls import reverse

from ingestion.models import Account, Person, Touched
from routing.models import Lead
from routing.operations import route_new
from scoring.models import Level, Qualification, QualificationEvent, Score
from scoring.operations import release_past, score_due
from scoring.operations.past import brought_by_the_past
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.models import AuditEvent, Role
from tests.conftest import member
from tests.factories.ingestion import make_action, send_and_fold, track
from tests.factories.scoring import make_live, signal

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
PAST = {"context": {"historical": True}}


@pytest.fixture
def live(in_acme):
    return make_live(signal(make_action("login"), points=3000, points_mode="each"), enter=3000)


def happen(acme, now, user, *, times=1, live=True, account=None):
    marks = {} if live else PAST
    items = [track(user, "login", account=account, ts=now - DAY, **marks) for _ in range(times)]
    send_and_fold(acme, items, received_at=now)
    score_due(now=now)


def waiting():
    return [pql.is_historical and not pql.released_at for pql in Qualification.objects.order_by("opened_at")]


def test_who_qualifies_by_history_alone_is_a_pql_that_routing_leaves(acme, live, now):
    happen(acme, now, "ann", live=False)

    routed = route_new(now=now)

    assert (waiting(), Score.objects.get().points) == ([True], 3000)
    assert (routed.routed, routed.failed, Lead.objects.count()) == (0, 0, 0)


def test_something_live_opens_a_lead_as_ever(acme, live, now):
    happen(acme, now, "ann")

    assert (waiting(), route_new(now=now).routed) == ([False], 1)


def test_history_and_something_live_in_one_batch_open_a_lead(acme, live, now):
    send_and_fold(acme, [track("ann", "login", ts=now - DAY, **PAST), track("ann", "login", ts=now)])
    score_due(now=now)

    assert waiting() == [False]


def test_history_that_tips_over_somebody_active_waits_for_what_they_do_next(acme, now, in_acme):
    make_live(signal(make_action("login"), points=3000, points_mode="each"), enter=6000)
    happen(acme, now, "ann")
    happen(acme, now, "ann", live=False)
    before = waiting()
    happen(acme, now + DAY, "ann")

    assert (before, waiting(), route_new(now=now + DAY).routed) == ([True], [False], 1)
    kinds = QualificationEvent.objects.order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["entered", "released"]
    assert Qualification.objects.get().opened_at == now
    assert Lead.objects.get().created_at == now + DAY


def test_a_recount_releases_nobody(acme, live, now):
    happen(acme, now, "ann", live=False)
    Touched.objects.create(subject_kind=1, subject_id=Person.objects.get().pk)
    score_due(now=now)

    assert waiting() == [True]


def test_what_time_or_a_new_version_brings_to_imported_data_is_of_the_past_too(acme, now, in_acme):
    action = make_action("login")
    happen(acme, now, "ann", live=False)
    happen(acme, now, "bea")
    make_live(signal(action), enter=3000)
    score_due(now=now)

    names = dict(Person.objects.values_list("pk", "label"))
    found = {names[row.subject_id]: row.is_historical for row in Qualification.objects.all()}
    assert found == {"ann": True, "bea": False}


def test_an_account_is_active_by_its_own_events_only(acme, in_acme, now):
    happen(acme, now, "ann", live=False, account="a1")
    happen(acme, now, "ann", account="a2")

    a1, a2 = (Account.objects.get(key=key).pk for key in ("a1", "a2"))
    assert brought_by_the_past(Level.ACCOUNT, [a1, a2], {}) == {a1}


def test_the_best_are_routed_too_when_somebody_says_so(acme, live, now):
    for times, user in enumerate(("ann", "bea", "cem"), start=1):
        happen(acme, now, user, times=times, live=False)

    released = release_past(rows=Qualification.objects.all(), number=2, by=SYSTEM, now=now)

    assert (released, route_new(now=now).routed) == (2, 2)
    assert set(Lead.objects.values_list("points", flat=True)) == {9000, 6000}
    assert AuditEvent.objects.filter(verb="definition.past_released").count() == 1


@pytest.fixture
def console(client, acme, boards, live, now):
    def log_in(role=Role.CORPORATE_ADMIN, unit="Corporate"):
        user = member(acme, f"{role}@acme.test", role, unit, now)
        client.force_login(user, backend="tenants.accounts.LoginBackend")
        return client

    return log_in


def test_the_console_says_who_waits_and_routes_as_many_as_asked(acme, live, console, now):
    happen(acme, now, "ann", live=False)
    happen(acme, now, "bea", live=False, times=2)
    admin = console()
    listed = admin.get(reverse("admin:scoring_qualification_changelist")).content.decode()
    address = reverse("admin:scoring_qualification_release", args=[live.definition_id])
    too_many = admin.post(address, {"number": 3})
    admin.post(address, {"number": 1})

    assert "2 PQLs rest on imported history alone" in listed
    assert (too_many.status_code, waiting()) == (422, [True, False])
    assert "Only 2 wait" in too_many.content.decode()
    page = admin.get(reverse("admin:scoring_qualification_change", args=[Qualification.objects.first().pk]))
    assert "from history" in page.content.decode()


@pytest.mark.parametrize(
    ("role", "unit", "answer"), [(Role.ANALYST, "Corporate", 404), (Role.BU_OWNER, "Boards", 404)]
)
def test_who_may_not_change_the_routing_of_its_unit_routes_nobody(
    acme, live, console, now, role, unit, answer
):
    happen(acme, now, "ann", live=False)
    address = reverse("admin:scoring_qualification_release", args=[live.definition_id])

    assert console(role, unit).post(address, {"number": 1}).status_code == answer
    assert waiting() == [True]


def test_another_company_sees_none(acme, globex, live, now):
    happen(acme, now, "ann", live=False)

    with tenant_context(globex.pk):
        assert release_past(rows=Qualification.objects.all(), number=9, by=SYSTEM, now=now) == 0
