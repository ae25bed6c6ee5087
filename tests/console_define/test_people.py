"""The page of a person or account: scores with reasons, a past score under both clocks, events, episodes."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from ingestion.models import Account, Person
from routing.operations import route_new
from scoring.models import Level
from scoring.operations import score_due
from tests.factories import ingestion
from tests.factories.scoring import make_live, signal


@pytest.fixture
def scored(history, boards, today):
    """“Keen”: 40 points for two log-ins and 30 for an invitation; a PQL from 50."""
    version = make_live(
        signal(history["Signed in"], name="Active", at_least=2, points=4000),
        signal(history["Invited"], name="Invited somebody", points=3000),
        business_unit=boards,
        name="Keen",
    )
    score_due(now=today)
    route_new(now=today)
    return version


def address(label: str, suffix: str = "") -> str:
    return reverse("admin:ingestion_person_change", args=[Person.objects.get(label=label).pk]) + suffix


def test_page_says_the_score_and_each_reason(as_user, bob, scored):
    page = as_user(bob).get(address("ann")).content.decode()

    assert '<strong class="pq-score">70</strong>' in page
    assert "Active" in page
    assert "Invited somebody" in page


def test_who_is_one_signal_away_is_told_which(as_user, bob, scored):
    page = " ".join(as_user(bob).get(address("bea")).content.decode().split())

    assert "One signal away: <b>Invited somebody</b> would make it 70" in page


def test_past_score_is_explained_as_known_then_and_as_known_now(as_user, bob, acme, scored, today):
    """bea invited somebody five days ago, and we learn of it only now."""
    late = ingestion.track("bea", "Invited", ts=today - timedelta(days=5))
    ingestion.send_and_fold(acme, [late], received_at=today)
    day = (timezone.localtime(today) - timedelta(days=4)).date()
    query = {"definition": str(scored.definition_id), "day": day.isoformat()}

    context = as_user(bob).get(address("bea", "explain/"), query).context

    assert (context["then"].points, context["now"].points) == (0, 3000)
    assert [row.now.name for row in context["rows"] if row.differs] == ["Invited somebody"]
    assert sum(row.now.points for row in context["rows"]) == context["now"].points
    assert context["shown"] is None


@pytest.mark.parametrize(
    ("query", "says"),
    [
        pytest.param({"day": "2999-01-01"}, "has not ended yet", id="future"),
        pytest.param({"day": "0001-01-01"}, "from the year 2000", id="antiquity"),
        pytest.param({"day": "yesterday"}, "2026-03-31", id="words"),
        pytest.param({"day": ""}, "required", id="empty"),
        pytest.param({"definition": "x"}, "Select a valid choice", id="no definition"),
    ],
)
def test_day_that_makes_no_sense_is_refused(as_user, bob, scored, today, query, says):
    good = {"definition": str(scored.definition_id), "day": timezone.localdate().isoformat()}

    response = as_user(bob).get(address("ann", "explain/"), good | query)

    assert response.status_code == 422
    assert says in response.content.decode()


def test_events_of_a_person_are_filtered_by_name_and_paged(as_user, bob, scored):
    client = as_user(bob)

    everything = client.get(address("ann")).context["events"]
    some = client.get(address("ann"), {"event": "Invited"}).context["events"]

    assert [row["event"].name for row in some] == ["Invited"]
    assert len(everything) == 4


def test_timeline_cursor_that_names_no_place_is_not_found(as_user, bob, scored):
    assert as_user(bob).get(address("ann"), {"before": "x"}).status_code == 404


def test_account_page_lists_its_persons_with_their_scores(as_user, bob, scored):
    account = Account.objects.get(key="acme-co")

    members = (
        as_user(bob).get(reverse("admin:ingestion_account_change", args=[account.pk])).context["members"]
    )

    points = {row["person"].label: [tag.points for tag in row["tags"]] for row in members}
    assert points == {"ann": [7000], "bea": [4000], "cem": []}


def test_merged_person_leads_to_whom_they_became(as_user, bob, scored):
    ann, cem = Person.objects.get(label="ann"), Person.objects.get(label="cem")
    Person.objects.filter(pk=cem.pk).update(merged_into_id=ann.pk)

    response = as_user(bob).get(reverse("admin:ingestion_person_change", args=[cem.pk]))

    assert response.url == reverse("admin:ingestion_person_change", args=[ann.pk])


def test_person_that_does_not_exist_is_not_found(as_user, bob, history):
    assert as_user(bob).get(reverse("admin:ingestion_person_change", args=[10**12])).status_code == 404


def test_list_shows_scores_and_leaves_out_those_of_nothing(as_user, bob, scored):
    rows = as_user(bob).get("/ingestion/person/").context["rows"]

    assert {row["label"]: [tag.points for tag in row["tags"]] for row in rows} == {
        "ann": [7000],
        "bea": [4000],
        "cem": [],
    }


def test_page_without_live_definitions_says_so(as_user, bob, history):
    page = as_user(bob).get(address("ann"))

    assert "Nothing scores this yet" in page.content.decode()
    assert Level.PERSON == 1
