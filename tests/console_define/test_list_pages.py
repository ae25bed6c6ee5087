"""Lists in the console: made, filled, searched, exported; and by whom."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from ingestion.models import List
from ingestion.operations import archive_list, create_list, upload_rows
from ingestion.queries.lists import current_lines
from ingestion.rules.lists import read_text
from tenants.audit import SYSTEM
from tenants.models import Role
from tests.conftest import member

ADD, INDEX = "/ingestion/list/add/", "/ingestion/list/"
POSTED = ["upload", "remove", "archive"]


@pytest.fixture
def targets(boards, today) -> List:
    """Boards' list of acme.com and bücher.de."""
    return made(boards, "Targets", "acme.com,Best\nbücher.de", today)


def made(unit, name, text, today, kind="domain") -> List:
    of = create_list(business_unit=unit, name=name, kind=kind, description="", by=SYSTEM, now=today)
    upload_rows(list=of, reading=read_text(kind, text), replaces=False, by=SYSTEM, now=today)
    of.refresh_from_db()
    return of


def url(name: str, of: List) -> str:
    return reverse(f"admin:ingestion_list_{name}", args=[of.pk])


def rows(text: str, *, mode: str = "add", seen: int = 1, **more) -> dict:
    return {"text": text, "mode": mode, "seen": seen, **more}


def text_of(answer) -> str:
    return answer.content.decode()


def test_made_list_opens_empty_and_says_what_to_paste(as_user, bob, boards):
    client = as_user(bob)

    answer = client.post(ADD, {"name": "Rivals", "business_unit": boards.pk, "kind": "domain"}, follow=True)

    assert "No rows yet" in text_of(answer)
    assert List.objects.get().business_unit == boards


def test_second_list_of_the_name_is_refused_beside_what_was_typed(as_user, bob, boards, targets):
    answer = as_user(bob).post(ADD, {"name": "Targets", "business_unit": boards.pk, "kind": "domain"})

    assert "already exists" in text_of(answer)
    assert 'value="Targets"' in text_of(answer)


def test_upload_says_what_it_did(as_user, bob, targets):
    answer = as_user(bob).post(url("upload", targets), rows("acme.com\nnew.com\nNEW.com"), follow=True)

    assert "1 row added, 1 already there, 1 given more than once." in text_of(answer)
    assert set(current_lines(targets)) == {"acme.com", "new.com", "xn--bcher-kva.de"}


def test_lines_that_cannot_be_read_are_named_and_come_back_in_the_box(as_user, bob, targets):
    answer = as_user(bob).post(url("upload", targets), rows("new.com\nnot a domain\nold.com,,tomorrow"))

    text = text_of(answer)
    assert "1 row added, 2 not readable." in text
    assert "“tomorrow” is not a date. Write it as 2027-12-31." in text
    assert answer.context["form"]["text"].value() == "not a domain\nold.com,,tomorrow"
    assert answer.context["form"]["seen"].value() == 2


@pytest.mark.parametrize("content", ["new.com\r\n".encode("utf-8-sig"), "new.com\n".encode("utf-16")])
def test_file_of_a_spreadsheet_is_read(as_user, bob, targets, content):
    file = SimpleUploadedFile("rows.csv", content)

    as_user(bob).post(url("upload", targets), rows("", file=file))

    assert "new.com" in current_lines(targets)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (rows(""), "Paste at least one row"),
        (rows("a.com", file=SimpleUploadedFile("r.csv", b"b.com")), "not both"),
        (rows("", file=SimpleUploadedFile("r.csv", "bücher.de".encode("latin-1"))), "CSV UTF-8"),
        (rows("a.com\x00"), "Null characters are not allowed"),
        (rows("a.com", mode="burn"), "not sent whole"),
        (rows("a.com", seen="x"), "not sent whole"),
        (rows("nonsense"), "0 rows added, 1 not readable."),
        (rows("a.com\nnonsense", mode="replace"), "Nothing was replaced"),
    ],
)
def test_bad_upload_is_refused_with_what_to_do_and_changes_nothing(as_user, bob, targets, data, said):
    answer = as_user(bob).post(url("upload", targets), data)

    assert answer.status_code == 422
    assert said in text_of(answer)
    assert set(current_lines(targets)) == {"acme.com", "xn--bcher-kva.de"}


def test_replacing_what_somebody_changed_meanwhile_keeps_what_was_typed(as_user, bob, targets):
    client = as_user(bob)
    client.post(url("upload", targets), rows("theirs.com"))

    answer = client.post(url("upload", targets), rows("mine.com", mode="replace", seen=1))

    assert answer.status_code == 422
    assert "somebody else has changed this list" in text_of(answer)
    assert answer.context["form"]["text"].value() == "mine.com"
    assert "theirs.com" in current_lines(targets)


def test_renaming_what_somebody_renamed_meanwhile_is_refused(as_user, bob, targets):
    client = as_user(bob)
    List.objects.update(name="Theirs")

    form = {"name": "Mine", "description": "", "initial-name": "Targets", "initial-description": ""}
    answer = client.post(url("edit", targets), form)

    assert "somebody else has changed this list" in text_of(answer)
    assert List.objects.get().name == "Theirs"


def test_renaming_says_so(as_user, bob, targets):
    client = as_user(bob)
    assert 'name="initial-name" value="Targets"' in text_of(client.get(url("edit", targets)))

    form = {"name": "Mine", "description": "x", "initial-name": "Targets", "initial-description": ""}
    client.post(url("edit", targets), form)

    assert List.objects.values_list("name", "description").get() == ("Mine", "x")


def test_chosen_rows_are_removed_and_the_page_stays_where_it_was(as_user, bob, targets):
    answer = as_user(bob).post(url("remove", targets), {"value": ["acme.com"], "q": "a", "show": "all"})

    assert answer.url == f"{url('page', targets)}?q=a&show=all"
    assert list(current_lines(targets)) == ["xn--bcher-kva.de"]


def test_export_is_safe_in_a_spreadsheet_and_reads_back_the_same(as_user, bob, boards, today):
    of = made(boards, "Ids", "+49,=1+1,2027-01-31\nplain", today, kind="user_id")

    text = as_user(bob).get(url("export", of)).content.decode("utf-8-sig")

    assert '"\'+49","\'=1+1","2027-01-31"' in text
    assert {line.value: line for line in read_text("user_id", text).lines} == current_lines(of)


def test_rows_are_found_page_by_page(as_user, bob, boards, today):
    of = made(boards, "Many", "\n".join(f"d{number:03}.com" for number in range(150)), today)
    client = as_user(bob)

    assert "?after=d099.com" in text_of(client.get(url("page", of)))
    assert "d100.com" in text_of(client.get(url("page", of), {"after": "d099.com"}))
    assert "No row like that" in text_of(client.get(url("page", of), {"q": "e", "show": "bogus\x00"}))


def test_idn_is_shown_both_ways(as_user, bob, targets):
    assert "bücher.de" in (text := text_of(as_user(bob).get(url("page", targets))))
    assert "xn--bcher-kva.de" in text


def test_what_expires_is_counted_on_both_pages(as_user, bob, boards, today):
    days = [today.date() + timedelta(days=number) for number in (-3, 5)]
    of = made(boards, "Mortal", f"a.com,,{days[0]}\nb.com,,{days[1]}", today)
    client = as_user(bob)

    assert "1 soon" in (text := text_of(client.get(INDEX)))
    assert "1 expired" in text
    assert "1 expires within 30 days" in text_of(client.get(url("page", of)))


def test_lists_cost_the_same_queries_however_many(as_user, bob, boards, today, django_assert_num_queries):
    client = as_user(bob)
    made(boards, "One", "a.com,,2020-01-01", today)
    client.get(INDEX)
    with CaptureQueriesContext(connection) as few:
        client.get(INDEX)
    for number in range(5):
        made(boards, f"L{number}", "a.com,,2020-01-01", today)

    with django_assert_num_queries(len(few)):
        client.get(INDEX)


def test_built_in_lists_are_named_shown_and_searched(as_user, bob, boards):
    client = as_user(bob)
    address = reverse("admin:ingestion_list_builtin", args=["free_mail"])

    assert address in text_of(client.get(INDEX))
    assert "gmail.com" in text_of(client.get(address, {"q": "Gmail"}))
    assert client.get(reverse("admin:ingestion_list_builtin", args=["nope"])).status_code == 404


def test_archived_list_offers_nothing_that_changes_it(as_user, bob, targets, today):
    archive_list(list=targets, by=SYSTEM, now=today)
    client = as_user(bob)

    text = text_of(client.get(url("page", targets)))
    assert "Remove the chosen rows" not in text
    assert 'id="upload"' not in text
    assert "archived" in text_of(client.post(url("upload", targets), rows("new.com")))


@pytest.mark.parametrize("name", POSTED)
def test_corporate_list_is_read_below_and_not_changed(as_user, bob, corporate, today, name):
    of = made(corporate, "Standard", "acme.com", today)
    client = as_user(bob)

    assert "acme.com" in text_of(client.get(url("page", of)))
    assert 'id="upload"' not in text_of(client.get(url("page", of)))
    assert client.post(url(name, of), rows("x.com")).status_code == 403


@pytest.mark.parametrize("name", ["page", "export", *POSTED])
def test_list_of_a_sister_unit_or_another_tenant_does_not_exist(
    as_user, acme, insights, targets, charlie, today, name
):
    ines = member(acme, "ines@acme.test", Role.BU_OWNER, "Insights", today)

    for stranger in (as_user(ines), as_user(charlie)):
        send = stranger.post if name in POSTED else stranger.get
        assert send(url(name, targets), rows("x.com")).status_code == 404


@pytest.mark.parametrize(("role", "status"), [(Role.ANALYST, 200), (Role.READ_ONLY, 200), (Role.REP, 403)])
def test_who_may_only_look_changes_nothing(as_user, acme, boards, targets, today, role, status):
    client = as_user(member(acme, "x@acme.test", role, "Boards", today))

    assert client.get(INDEX).status_code == status
    assert client.get(ADD).status_code == 403
    assert all(client.post(url(name, targets), rows("x.com")).status_code in (403, 404) for name in POSTED)
