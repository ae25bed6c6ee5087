"""Pools in the console."""

import pytest

from routing.models import Pool, PoolMember
from tenants.audit import SYSTEM
from tenants.models import AuditEvent
from tenants.operations import remove_member
from tests.factories.routing import make_lead, make_pool, make_rep, seat_of

PREFIX = "members-"


def posted(pool: Pool, rows: list[dict], *, initial: int) -> dict[str, str]:
    """The pool's form as the browser sends it."""
    data = {
        "name": pool.name,
        "first_response_hours": str(pool.first_response_hours),
        f"{PREFIX}TOTAL_FORMS": str(len(rows)),
        f"{PREFIX}INITIAL_FORMS": str(initial),
        f"{PREFIX}MIN_NUM_FORMS": "0",
        f"{PREFIX}MAX_NUM_FORMS": "1000",
    }
    for place, row in enumerate(rows):
        data |= {f"{PREFIX}{place}-{name}": value for name, value in row.items()}
    return data


def row_of(member: PoolMember, **changes: str) -> dict[str, str]:
    row = {"id": str(member.pk), "pool": str(member.pool_id), "weight": "1", "capacity": "", "position": "0"}
    return row | ({"is_available": "on"} if member.is_available else {}) | changes


def url(pool: Pool) -> str:
    return f"/routing/pool/{pool.pk}/change/"


def test_page_shows_turns_received_and_open_leads(as_user, manager, sales, ritas_lead):
    text = as_user(manager).get(url(sales)).content.decode()

    assert "fewest turns taken" in text
    for column in ("turns_taken", "received", "open_leads"):
        assert f"field-{column}" in text


def test_add_member_starts_level(as_user, manager, boards, sales, adoption, now):
    for _lead in range(5):
        make_lead(adoption, now=now)
    new = make_rep(boards, "Nora", now=now)
    rita_seat = PoolMember.objects.select_related("pool").get()
    fresh = {"id": "", "pool": str(sales.pk), "membership": str(new.pk), "weight": "1", "capacity": "9",
             "position": "1", "is_available": "on"}  # fmt: skip

    answer = as_user(manager).post(url(sales), posted(sales, [row_of(rita_seat), fresh], initial=1))

    assert answer.status_code == 302, answer.content.decode()[-3000:]
    assert seat_of(sales, new).pointer == seat_of(sales, rita_seat.membership).pointer > 0
    assert AuditEvent.objects.filter(verb="pool.member_added").count() == 2


def test_member_on_leave_and_removed(as_user, manager, sales):
    seat = PoolMember.objects.get()
    client = as_user(manager)
    away = row_of(seat)
    del away["is_available"]

    client.post(url(sales), posted(sales, [away], initial=1))
    assert not PoolMember.objects.get().is_available
    client.post(url(sales), posted(sales, [row_of(seat, DELETE="on")], initial=1))
    assert not PoolMember.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"), [("weight", "0"), ("weight", "17"), ("capacity", "0"), ("weight", "x")]
)
def test_bad_share_or_capacity_is_refused_in_the_form(as_user, manager, sales, field, value):
    seat = PoolMember.objects.get()

    answer = as_user(manager).post(url(sales), posted(sales, [row_of(seat, **{field: value})], initial=1))

    assert answer.status_code == 200
    assert (PoolMember.objects.get().weight, PoolMember.objects.get().capacity) == (1, None)


def test_rep_of_another_unit_cannot_be_added(as_user, manager, insights, sales, now):
    stranger = make_rep(insights, now=now)
    seat = PoolMember.objects.get()
    fresh = {"id": "", "pool": str(sales.pk), "membership": str(stranger.pk), "weight": "1", "capacity": "",
             "position": "1", "is_available": "on"}  # fmt: skip

    answer = as_user(manager).post(url(sales), posted(sales, [row_of(seat), fresh], initial=1))

    assert answer.status_code == 200
    assert PoolMember.objects.count() == 1


def test_former_member_is_not_offered_but_their_row_still_saves(as_user, manager, boards, sales, now):
    outside = make_rep(boards, "Nora", now=now)
    seat = PoolMember.objects.get()
    for leaver in (outside, seat.membership):
        remove_member(membership=leaver, by=SYSTEM, now=now)
    client = as_user(manager)

    text = client.get(url(sales)).content.decode()
    answer = client.post(url(sales), posted(sales, [row_of(seat, weight="2")], initial=1))

    assert str(outside.pk) not in text
    assert (answer.status_code, PoolMember.objects.get().weight) == (302, 2)


def test_add_pool_goes_on_to_its_members(as_user, bob, boards):
    fields = {"name": "Field", "business_unit": str(boards.pk), "first_response_hours": "8"}

    answer = as_user(bob).post("/routing/pool/add/", fields)

    assert answer["Location"] == url(Pool.objects.get(name="Field"))


def test_rep_has_no_pools(as_user, rita, sales):
    assert as_user(rita).get(url(sales)).status_code in (302, 403, 404)


def test_list_query_count_does_not_grow(as_user, bob, boards, now, django_assert_max_num_queries):
    client = as_user(bob)
    make_pool(boards, [], now=now, name="first")
    client.get("/routing/pool/")
    counts = []
    for place in range(2):
        with django_assert_max_num_queries(60) as captured:
            client.get("/routing/pool/")
        counts.append(len(captured))
        for number in range(10):
            make_pool(boards, [make_rep(boards, now=now)], now=now, name=f"{place} {number}")

    assert counts[0] == counts[1]
