"""Lists: what is read from what people paste, what an upload changes, and who keeps whom from overwriting."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError

from ingestion.models import List, ListRow
from ingestion.operations import (
    ListChanged,
    NothingReplaced,
    archive_list,
    create_list,
    edit_list,
    remove_rows,
    upload_rows,
)
from ingestion.queries.lists import BUILT_IN, Expiry, builtin_page, current_lines, expiries, list_page
from ingestion.rules.domains import clean_domain, covering, shown_domain
from ingestion.rules.lists import Line, read_text
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.models import AuditEvent, BusinessUnit
from tests.factories.ingestion import START

TODAY = START.date()


def make_list(kind="domain", name="Targets", unit=None) -> List:
    unit = unit or BusinessUnit.objects.get(parent__isnull=True)
    return create_list(business_unit=unit, name=name, kind=kind, description="", by=SYSTEM, now=START)


def upload(of: List, text: str, **values):
    values = {"replaces": False, "by": SYSTEM, "now": START} | values
    return upload_rows(list=of, reading=read_text(of.kind, text), **values)


def values_of(of: List) -> list[str]:
    return list(current_lines(of))


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("ACME.com", "acme.com"),
        (" acme.com. ", "acme.com"),
        ("ann@Mail.acme.com", "mail.acme.com"),
        ("@acme.com", "acme.com"),
        ("https://www.acme.com:8443/about?x=1", "acme.com"),
        ("*.acme.com", "acme.com"),
        ("www.com", "www.com"),
        ("Bücher.de", "xn--bcher-kva.de"),
        ("xn--bcher-kva.de", "xn--bcher-kva.de"),
        ("例え.jp", "xn--r8jz45g.jp"),
    ],
)
def test_domain_is_kept_as_the_name_system_spells_it(text, domain):
    assert clean_domain(text) == domain


@pytest.mark.parametrize(
    "text",
    [
        "",
        "acme",
        "a b.com",
        "-.com",
        "203.0.113.7",
        f"{'a' * 64}.com",
        "a..b",
        f"{'ab.' * 90}com",
        "a\x00b.com",
    ],
)
def test_what_is_no_domain_is_refused_with_words(text):
    with pytest.raises(ValueError, match=r"domain"):
        clean_domain(text)


def test_idn_is_shown_as_people_write_it():
    assert shown_domain("xn--bcher-kva.de") == "bücher.de"
    assert covering("mail.acme.com") == ["mail.acme.com", "acme.com", "com"]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_columns_are_found_by_their_headings(separator):
    text = "Company;Domain;Expires on\nAcme;acme.com;2027-01-31".replace(";", separator)

    assert read_text("domain", text).lines == (Line("acme.com", "Acme", date(2027, 1, 31)),)


def test_columns_without_headings_are_value_note_and_expiry():
    assert read_text("domain", 'x.com,"a, b",2027-01-31').lines == (Line("x.com", "a, b", date(2027, 1, 31)),)


def test_unreadable_lines_are_named_by_number_and_the_others_are_read():
    found = read_text("domain", "a.com\n\n# mine\nnonsense\nb.com,,31.1.2027\r\nB.com\nb.com")

    assert [line.value for line in found.lines] == ["a.com", "b.com"]
    assert [(line.number, line.text) for line in found.unreadable] == [
        (4, "nonsense"),
        (5, "b.com,,31.1.2027"),
    ]
    assert found.repeated == 1
    assert "2027-12-31" in found.unreadable[1].why


def test_ids_are_kept_exactly_and_an_exported_apostrophe_is_taken_off():
    found = read_text("user_id", "'+4912\nAbC\n'quoted\nx\x00y")

    assert [line.value for line in found.lines] == ["+4912", "AbC", "'quoted"]
    assert [line.number for line in found.unreadable] == [4]


def test_adding_tells_new_changed_and_already_there(in_acme):
    of = make_list()
    upload(of, "a.com,first\nb.com")

    found = upload(of, "a.com\nb.com,now with a note\nc.com").difference

    assert ([line.value for line in found.added], found.same) == (["c.com"], 1)
    assert current_lines(of)["a.com"].note == "first"
    assert current_lines(of)["b.com"].note == "now with a note"
    of.refresh_from_db()
    assert (of.size, of.edition) == (3, 2)


def test_replacing_takes_away_what_is_not_given(in_acme):
    of = make_list()
    upload(of, "a.com,first\nb.com")

    upload(of, "a.com\nc.com", replaces=True, seen=1)

    assert current_lines(of) == {"a.com": Line("a.com"), "c.com": Line("c.com")}


@pytest.mark.parametrize("text", ["a.com\nnonsense", "nonsense", "# nothing"])
def test_nothing_is_replaced_by_what_cannot_be_read_whole(in_acme, text):
    of = make_list()
    upload(of, "b.com")

    with pytest.raises(NothingReplaced):
        upload(of, text, replaces=True, seen=1)
    assert values_of(of) == ["b.com"]


def test_replacing_what_somebody_changed_meanwhile_is_refused_and_adding_is_not(in_acme):
    of = make_list()
    upload(of, "theirs.com")

    with pytest.raises(ListChanged):
        upload(of, "mine.com", replaces=True, seen=0)
    upload(of, "mine.com", seen=0)

    assert values_of(of) == ["mine.com", "theirs.com"]


def test_renaming_what_somebody_renamed_meanwhile_is_refused(in_acme):
    of = make_list()
    opened = ("Targets", "")
    edit_list(list=of, name="Theirs", description="", by=SYSTEM, now=START, seen=opened)

    with pytest.raises(ListChanged):
        edit_list(list=of, name="Mine", description="", by=SYSTEM, now=START, seen=opened)
    assert List.objects.get().name == "Theirs"


def test_earlier_editions_can_still_be_read(in_acme):
    of = make_list()
    upload(of, "a.com\nb.com")
    remove_rows(list=of, values=["a.com", "never.com"], by=SYSTEM, now=START)
    upload(of, "a.com,again")

    rows = ListRow.objects.order_by("value", "since").values_list("value", "since", "until")

    assert list(rows) == [("a.com", 1, 2), ("a.com", 3, None), ("b.com", 1, None)]


def test_what_changes_nothing_leaves_no_edition_and_no_audit_row(in_acme):
    of = make_list()
    upload(of, "a.com")
    before = AuditEvent.objects.count()

    upload(of, "a.com")
    remove_rows(list=of, values=["b.com"], by=SYSTEM, now=START)

    of.refresh_from_db()
    assert (of.edition, AuditEvent.objects.count()) == (1, before)


def test_each_change_leaves_an_audit_row(in_acme):
    of = make_list()
    upload(of, "a.com")
    archive_list(list=of, by=SYSTEM, now=START)

    verbs = (
        AuditEvent.objects.filter(target_type="ingestion.list").order_by("id").values_list("verb", flat=True)
    )
    assert list(verbs) == ["list.created", "list.changed", "list.archived"]


def test_archived_list_is_read_and_not_changed(in_acme):
    of = make_list()
    upload(of, "a.com")
    archive_list(list=of, by=SYSTEM, now=START)

    with pytest.raises(ValidationError, match="archived"):
        upload(of, "b.com")
    with pytest.raises(ValidationError, match="archived"):
        remove_rows(list=of, values=["a.com"], by=SYSTEM, now=START)
    assert values_of(of) == ["a.com"]


def test_list_that_would_get_too_long_stays_as_it_is(in_acme, monkeypatch):
    monkeypatch.setattr("ingestion.operations.lists.MOST_ROWS", 2)
    of = make_list()
    upload(of, "a.com\nb.com")

    with pytest.raises(ValidationError, match="at most 2 rows"):
        upload(of, "c.com")
    assert values_of(of) == ["a.com", "b.com"]


def test_row_holds_through_its_last_day(in_acme):
    of = make_list()
    days = {"gone.com": -1, "today.com": 0, "soon.com": 30, "later.com": 31}
    upload(of, "\n".join(f"{value},,{TODAY + timedelta(days=day)}" for value, day in days.items()))

    assert expiries([of.pk], today=TODAY) == {of.pk: Expiry(expired=1, soon=2)}
    assert [row.value for row in list_page(of, show="expired", today=TODAY).rows] == ["gone.com"]
    assert [row.value for row in list_page(of, show="soon", today=TODAY).rows] == ["soon.com", "today.com"]


def test_pages_go_by_key_and_rows_are_found_by_their_beginning(in_acme):
    of = make_list()
    upload(of, "\n".join(f"d{number:03}.com" for number in range(250)))

    first = list_page(of, today=TODAY)
    second = list_page(of, after=first.next, today=TODAY)

    assert (first.rows[-1].value, second.rows[0].value, second.rows[-1].value) == (
        "d099.com",
        "d100.com",
        "d199.com",
    )
    assert [row.value for row in list_page(of, text=" D24", today=TODAY).rows] == [
        f"d24{n}.com" for n in range(10)
    ]


def test_a_hundred_thousand_rows_are_taken_in_a_constant_number_of_queries(
    in_acme, django_assert_max_num_queries
):
    of = make_list()
    text = "\n".join(f"d{number}.com" for number in range(100_000))

    with django_assert_max_num_queries(20):
        upload(of, text)
        page = list_page(of, text="d99999", today=TODAY)

    assert [row.value for row in page.rows] == ["d99999.com"]


def test_lists_of_two_tenants_know_nothing_of_each_other(acme, globex):
    lists = {}
    for tenant in (acme, globex):
        with tenant_context(tenant.pk):
            lists[tenant] = make_list()
            upload(lists[tenant], f"{tenant.slug}.com\nshared.com")
    with tenant_context(acme.pk):
        upload(lists[acme], "only.com", replaces=True, seen=1)
        assert not ListRow.objects.filter(list_id=lists[globex].pk).exists()
        assert not current_lines(lists[globex])
    with tenant_context(globex.pk):
        assert values_of(lists[globex]) == ["globex.com", "shared.com"]


@pytest.mark.parametrize(
    ("code", "inside", "outside"),
    [
        ("free_mail", "gmail.com", "mit.edu"),
        ("disposable", "mailinator.com", "gmail.com"),
        ("academic", "tum.de", "gmx.de"),
    ],
)
def test_built_in_list_holds_what_it_says(code, inside, outside):
    assert inside in BUILT_IN[code].domains
    assert outside not in BUILT_IN[code].domains


@pytest.mark.parametrize("code", BUILT_IN)
def test_built_in_list_is_clean_sorted_and_without_what_another_row_covers(code):
    domains = BUILT_IN[code].domains

    assert list(domains) == sorted(set(domains))
    assert [each for each in domains if "." in each and clean_domain(each) != each] == []
    assert [each for each in domains if set(covering(each)[1:]) & set(domains)] == []


def test_built_in_pages_go_by_key_too():
    first = builtin_page("disposable", text="MAIL", size=3)
    second = builtin_page("disposable", text="mail", after=first.next, size=3)

    assert len(first.rows) == 3
    assert [row.value for row in second.rows] == list(
        [each for each in BUILT_IN["disposable"].domains if each.startswith("mail")][3:6]
    )
