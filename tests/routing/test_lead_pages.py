"""The list and the page of leads: what they say, and to whom."""

import csv
from datetime import timedelta
from io import StringIO

import pytest
from django.utils import timezone

from routing.models import Lead
from routing.operations import dispose, reassign
from tenants.audit import SYSTEM
from tenants.models import Role
from tenants.operations import remove_member
from tests.conftest import member
from tests.factories.routing import make_account, make_lead, make_person, membership_of

LEADS = "/routing/lead/"


def url(lead: Lead, verb: str = "change") -> str:
    return f"{LEADS}{lead.pk}/{verb}/"


def test_list_tells_who_why_and_how_long(as_user, rita, adoption, sales):
    now = timezone.now()
    account = make_account("Initech", now=now)
    make_lead(adoption, subject=make_person("Ida", now=now, account=account), points=7450, now=now)

    text = as_user(rita).get(LEADS).content.decode()

    for said in ("Ida", "Initech", "74.5", "hot", "Invited a colleague", "left", "New"):
        assert said in text


def test_list_says_what_is_late(as_user, rita, adoption, sales):
    make_lead(adoption, now=timezone.now() - timedelta(hours=30))

    assert "6\xa0hours late" in as_user(rita).get(LEADS + "?late=1").content.decode()


def test_rep_sees_only_their_own(as_user, other_rep, rita, ritas_lead):
    assert ritas_lead.subject_label in as_user(rita).get(LEADS).content.decode()
    client = as_user(other_rep)
    assert ritas_lead.subject_label not in client.get(LEADS).content.decode()
    assert client.get(url(ritas_lead)).status_code == 404
    assert client.post(url(ritas_lead, "dispose"), {"disposition": "accepted"}).status_code == 404


def test_manager_sees_the_team(as_user, manager, ritas_lead):
    client = as_user(manager)

    assert "Rita" in client.get(LEADS).content.decode()
    assert client.get(url(ritas_lead)).status_code == 200


def test_other_unit_and_other_tenant_see_nothing(acme, insights, as_user, charlie, ritas_lead, now):
    stranger = member(acme, "ivan@acme.test", Role.BU_OWNER, "Insights", now)
    for user in (stranger, charlie):
        client = as_user(user)
        assert ritas_lead.subject_label not in client.get(LEADS).content.decode()
        assert client.get(url(ritas_lead)).status_code == 404


def test_list_hides_closed_leads_unless_asked(as_user, rita, ritas_lead):
    dispose(lead=ritas_lead, disposition="lost", by=SYSTEM, now=timezone.now())
    client = as_user(rita)

    found = [
        ritas_lead.subject_label in client.get(LEADS + query).content.decode()
        for query in ("", "?show=closed", "?show=all", "?state__exact=closed", "?state__exact=new")
    ]

    assert found == [False, True, True, True, False]


@pytest.mark.parametrize(
    ("query", "is_found"), [("ida", True), ("INI", True), ("nitech", False), ("%", False), ("zzz", False)]
)
def test_search_by_prefix_of_person_or_account(as_user, rita, adoption, sales, now, query, is_found):
    account = make_account("Initech", now=now)
    make_lead(adoption, subject=make_person("Ida", now=now, account=account), now=now)

    assert ("Invited a colleague" in as_user(rita).get(LEADS, {"q": query}).content.decode()) is is_found


def test_export_is_what_the_list_shows_and_runs_no_formula(as_user, rita, adoption, sales, now):
    make_lead(adoption, subject=make_person("=cmd|' /C calc'!A0", now=now), now=now)
    make_lead(adoption, subject=make_person("Ida", now=now), band="warm", now=now)

    answer = as_user(rita).get(LEADS + "export/?band=hot")

    rows = list(csv.reader(StringIO(answer.content.decode("utf-8-sig"))))
    assert answer["Content-Type"].startswith("text/csv")
    assert [row[0] for row in rows] == ["lead", "'=cmd|' /C calc'!A0"]
    assert rows[1][5] == "Invited a colleague +80"


def test_list_query_count_does_not_grow(
    as_user, manager, adoption, sales, now, django_assert_max_num_queries
):
    client = as_user(manager)
    make_lead(adoption, now=now)
    client.get(LEADS)  # what Django remembers, it has asked by now
    counts = []
    for _round in range(2):
        with django_assert_max_num_queries(60) as captured:
            client.get(LEADS)
        counts.append(len(captured))
        for _lead in range(10):
            make_lead(adoption, now=now)

    assert counts[0] == counts[1]


def test_page_tells_why_who_and_why_me(as_user, rita, adoption, sales):
    now = timezone.now()
    account = make_account("Initech", now=now, traits={"plan": "free", "employees": 250})
    make_person("Colleague", now=now, account=account)
    lead = make_lead(adoption, subject=make_person("Ida", now=now, account=account), now=now)

    text = as_user(rita).get(url(lead)).content.decode()

    for said in ("Ida", "Initech", "250", "Colleague", "Invited a colleague", "Why Rita", "Everything to sales",
                 "lowest, so chosen", "Accept it and get in touch with Ida", "Became a lead"):  # fmt: skip
        assert said in text, said


def test_page_of_an_erased_subject_still_opens(as_user, rita, ritas_lead):
    Lead.objects.update(subject_id=999_999)

    assert "erased" in as_user(rita).get(url(ritas_lead)).content.decode()


def test_page_query_count_is_fixed(as_user, rita, ritas_lead, django_assert_max_num_queries):
    client = as_user(rita)
    with django_assert_max_num_queries(45):
        client.get(url(ritas_lead))


def test_accept_by_one_click_answers_the_fragment(as_user, rita, ritas_lead):
    answer = as_user(rita).post(
        url(ritas_lead, "dispose"), {"disposition": "accepted"}, headers={"HX-Request": "true"}
    )

    ritas_lead.refresh_from_db()
    assert ritas_lead.state == "working"
    assert answer.content.decode().lstrip().startswith('<div id="lead"')


def test_accept_without_script_redirects(as_user, rita, ritas_lead):
    answer = as_user(rita).post(url(ritas_lead, "dispose"), {"disposition": "accepted"})

    assert (answer.status_code, answer["Location"]) == (302, url(ritas_lead))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"disposition": "rejected"}, "Say why you reject it"),
        ({"disposition": "nonsense"}, "is not something to mark a lead with"),
        ({}, "is not something to mark a lead with"),
    ],
)
def test_dispose_refused_says_why(as_user, rita, ritas_lead, fields, said):
    answer = as_user(rita).post(url(ritas_lead, "dispose"), fields, headers={"HX-Request": "true"})

    assert answer.status_code == 422
    assert said in answer.content.decode()


def test_reopen_after_rejecting(as_user, rita, ritas_lead):
    client = as_user(rita)
    client.post(url(ritas_lead, "dispose"), {"disposition": "rejected", "reason": "Oops"})
    client.post(url(ritas_lead, "reopen"))

    ritas_lead.refresh_from_db()
    assert (ritas_lead.state, ritas_lead.disposition) == ("working", "accepted")


def test_only_managers_hand_on(as_user, rita, manager, other_rep, ritas_lead):
    fields = {"rep": str(membership_of(other_rep).pk)}

    assert as_user(rita).post(url(ritas_lead, "reassign"), fields).status_code == 403
    assert as_user(manager).post(url(ritas_lead, "reassign"), fields).status_code == 302

    ritas_lead.refresh_from_db()
    assert ritas_lead.rep.user == other_rep


def test_former_member_is_not_offered_and_gets_nothing(as_user, rita, manager, other_rep, ritas_lead, now):
    leaver = membership_of(other_rep)
    client = as_user(manager)
    assert str(leaver.pk) in client.get(url(ritas_lead)).content.decode()
    remove_member(membership=leaver, by=SYSTEM, now=now)

    assert str(leaver.pk) not in client.get(url(ritas_lead)).content.decode()
    client.post(url(ritas_lead, "reassign"), {"rep": str(leaver.pk)})

    ritas_lead.refresh_from_db()
    assert ritas_lead.rep.user == rita


def test_hand_on_to_nobody_says_so(as_user, manager, ritas_lead):
    answer = as_user(manager).post(url(ritas_lead, "reassign"), {"rep": "x"}, headers={"HX-Request": "true"})

    assert (answer.status_code, "Choose who" in answer.content.decode()) == (422, True)


def test_viewers_may_not_mark(acme, boards, as_user, ritas_lead, now):
    viewer = member(acme, "vera@acme.test", Role.READ_ONLY, "Boards", now)
    client = as_user(viewer)

    assert "Reject" not in client.get(url(ritas_lead)).content.decode()
    assert client.post(url(ritas_lead, "dispose"), {"disposition": "accepted"}).status_code == 403


def test_rep_who_lost_the_lead_no_longer_sees_it(as_user, rita, other_rep, ritas_lead, now):
    reassign(lead=ritas_lead, membership=membership_of(other_rep), by=SYSTEM, now=now)

    assert as_user(rita).get(url(ritas_lead)).status_code == 404
