"""Who is erased is gone from every table, and nobody else is touched."""

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from delivery.models import Delivery
from ingestion.models import Account, Erasure, Event, Identity, Person
from ingestion.operations import create_list, lift_suppression, request_erasure, upload_rows
from ingestion.operations.erasures import proof_of, restore_erasure, run_erasure_again
from ingestion.rules.lists import Line, Reading
from pqlhub.privacy import erasing
from pqlhub.privacy.erasing import continue_erasure
from scoring.operations import score_due
from tenants import catalogue
from tenants import mentions as tenant_mentions
from tenants.audit import SYSTEM, first_broken_link
from tenants.context import tenant_context
from tenants.models import BusinessUnit
from tenants.operations import Refused
from tests.factories.ingestion import identify, send, send_and_fold, track
from tests.privacy.acted import delivered_lead
from tests.privacy.conftest import ADA, TELLING
from tests.privacy.everything import dump, mentions


def person(user_id="ada-1842") -> Person:
    return Identity.objects.get(value=user_id, kind=1).person


def ask(row, now, **fields) -> Erasure:
    kind = 1 if isinstance(row, Person) else 2
    values = {"with_companions": False, "reason": "request", "reference": "T-1"} | fields
    return request_erasure(subject_kind=kind, subject_id=row.pk, **values, by=SYSTEM, now=now)


def run(tenant, erasure, now):
    while continue_erasure(tenant_id=tenant.pk, erasure_id=erasure.pk, clock=lambda: now, seconds=5):
        pass
    with tenant_context(tenant.pk):
        erasure.refresh_from_db()


def erase_ada(tenant, now, **fields) -> Erasure:
    with tenant_context(tenant.pk):
        score_due(now=now)
        erasure = ask(person(), now, **fields)
    run(tenant, erasure, now)
    return erasure


def test_nothing_tells_of_the_person_any_more(engine, now):
    assert {each.partition(":")[0] for each in mentions(engine, TELLING)} > {
        "ingestion_event",
        "ingestion_account",
    }

    erasure = erase_ada(engine, now)

    assert mentions(engine, TELLING) == []
    assert erasure.state == "done"
    assert erasure.erased["ingestion_event"] == 5
    assert erasure.cleaned["ingestion_event"] == 1


def test_another_tenant_is_as_it_was(engine, twin, now):
    with tenant_context(twin.pk):
        score_due(now=now)
    before = dump(twin)

    erase_ada(engine, now)

    assert dump(twin) == before


def test_colleagues_keep_what_is_theirs(engine, now):
    erase_ada(engine, now)

    with tenant_context(engine.pk):
        assert person("charles-9").email == "charles@engine.test"
        assert Account.objects.get().name == "Engine Works"
        assert Account.objects.get().traits["owner"] == "[erased]"
        events = Event.objects.exclude(name="").order_by("id").values_list("name", "properties")
        assert list(events) == [
            ("Invited", {"to": "[erased]", "by": ["[erased]", 7]}),
            ("Invited a colleague", {}),
        ]


def test_accounts_nobody_else_is_in_go_along_if_wanted(engine, now):
    send_and_fold(engine, [track("ada-1842", "Wrote", account="ada-alone")])

    erase_ada(engine, now, with_companions=True)

    with tenant_context(engine.pk):
        assert list(Account.objects.values_list("key", flat=True)) == ["engine-works"]


def test_an_account_goes_with_what_happened_in_it_and_its_persons_stay(engine, now):
    with tenant_context(engine.pk):
        delivered_lead(person(), now)
        erasure = ask(Account.objects.get(), now)
    run(engine, erasure, now)

    assert mentions(engine, ["engine-works", "Engine Works"]) == []
    with tenant_context(engine.pk):
        assert {person().email, person("charles-9").email} == {ADA, "charles@engine.test"}


def test_the_audit_chain_stays_whole(engine, now):
    erase_ada(engine, now)

    with tenant_context(engine.pk):
        assert first_broken_link() is None


@pytest.mark.parametrize(
    "late",
    [
        track("ada-1842", "Late"),
        track(None, "Late", anon="anon-ada-77"),
        identify("another-id", traits={"email": ADA.upper()}),
        {
            "type": "track",
            "userId": "ada-1842",
            "event": "Late",
            "properties": "no object",
            "timestamp": "2026-03-02",
        },
    ],
    ids=["user id", "anonymous id", "e-mail", "unreadable"],
)
def test_what_comes_later_is_dropped_and_counted(engine, now, late):
    erasure = erase_ada(engine, now)

    send_and_fold(engine, [late, track("charles-9", "Stays")])

    with tenant_context(engine.pk):
        erasure.refresh_from_db()
        assert erasure.dropped == 1
        assert Event.objects.filter(name="Stays").exists()
    assert mentions(engine, [*TELLING, "another-id"]) == []


def test_lifted_they_come_back_as_somebody_new(engine, now):
    erasure = erase_ada(engine, now)
    with tenant_context(engine.pk):
        lift_suppression(erasure=erasure, by=SYSTEM, now=now)

    send_and_fold(engine, [identify("ada-1842", traits={"email": ADA})])

    with tenant_context(engine.pk):
        assert Event.objects.filter(identity_id=Identity.objects.get(value="ada-1842").pk).count() == 1


def test_what_waits_in_the_inbox_is_waited_for(engine, now):
    send(engine, [track("ada-1842", "Waiting")])
    with tenant_context(engine.pk):
        erasure = ask(person(), now)
    next_at = continue_erasure(tenant_id=engine.pk, erasure_id=erasure.pk, clock=lambda: now, seconds=5)
    assert next_at > now

    send_and_fold(engine, [])
    run(engine, erasure, now)

    assert erasure.dropped == 1


def test_twice_at_once_and_nobody_are_refused(engine, now):
    with tenant_context(engine.pk):
        ask(person(), now)
        with pytest.raises(Refused, match="already"):
            ask(person(), now)
        with pytest.raises(Refused, match="nobody"):
            request_erasure(subject_kind=1, subject_id=10**9, with_companions=False, reason="request", reference="",
                            by=SYSTEM, now=now)  # fmt: skip


def test_the_proof_is_kept_beside_the_database_and_hashes_what_it_says(engine, now, tmp_path):
    erasure = erase_ada(engine, now)

    (line,) = (tmp_path / "erasures" / f"{engine.pk}.jsonl").read_text().splitlines()
    proof = json.loads(line)
    assert proof["hash"] == erasure.proof_hash
    assert proof["erased"]["ingestion_person"] >= 1
    assert not any(text.lower() in line.lower() for text in TELLING)
    with tenant_context(engine.pk):
        assert proof_of(erasure)["hash"] == erasure.proof_hash
        erasure.erased["ingestion_person"] += 1
        assert proof_of(erasure)["hash"] != erasure.proof_hash


def test_run_again_after_a_restore_finds_them_by_their_marks(engine, globex, now):
    """The same person, back under other keys, as on a database from before the erasure."""
    erasure = erase_ada(engine, now)
    with tenant_context(engine.pk):
        proof = proof_of(erasure)
        Erasure.objects.all().delete()
    send_and_fold(engine, [identify("ada-1842", id="again", traits={"email": ADA, "name": "Countess"})])
    assert mentions(engine, TELLING)

    with tenant_context(engine.pk):
        assert restore_erasure(proof=proof, by=SYSTEM, now=now)
    run(engine, erasure, now)

    assert mentions(engine, TELLING) == []
    assert erasure.runs == 2


def test_a_lifted_erasure_is_not_run_again(engine, now):
    erasure = erase_ada(engine, now)
    with tenant_context(engine.pk):
        lift_suppression(erasure=erasure, by=SYSTEM, now=now)
        assert not run_erasure_again(erasure=erasure, by=SYSTEM, now=now)


def test_append_only_rows_are_safe_unless_an_erasure_is_running(engine):
    with (
        tenant_context(engine.pk),
        connection.cursor() as cursor,
        pytest.raises(DatabaseError, match="No erasure is running"),
        transaction.atomic(),
    ):
        cursor.execute("SELECT erase_personal_rows('scoring_scorechange', ARRAY[1]::bigint[])")


def test_leads_and_deliveries_go_and_what_went_out_is_listed(engine, now):
    with tenant_context(engine.pk):
        destination, lead = delivered_lead(person(), now)
        attempt = Delivery.objects.get(subject_ref=str(lead.pk))
        key = str(attempt.pk)

    erasure = erase_ada(engine, now)

    assert mentions(engine, [*TELLING, str(lead.pk)]) == [
        f"ingestion_erasure: {lead.pk} in {row}" for row in dump(engine)["ingestion_erasure"]
    ]
    (line,) = erasure.sent_out
    assert (line["destination"], line["deliveries"], line["leads"]) == (
        destination.name,
        [key],
        [str(lead.pk)],
    )


def test_slices_of_one_row_and_pages_of_two_come_to_the_same(engine, now, monkeypatch):
    monkeypatch.setattr(erasing, "SLICE", 1)
    monkeypatch.setattr(tenant_mentions, "PAGE", 2)

    erase_ada(engine, now)

    assert mentions(engine, TELLING) == []


def test_the_search_for_mentions_moves_on_a_whole_page_at_a_time(engine, monkeypatch):
    monkeypatch.setattr(tenant_mentions, "PAGE", 3)
    with tenant_context(engine.pk):
        keys = [str(key) for key in Event.objects.order_by("pk").values_list("pk", flat=True)]
        place = tenant_mentions.Place(catalogue.tenant_tables().index("ingestion_event"))
        tenant_mentions.replace_page(tenant_mentions.Needles(emails=("nobody@x.test",)), place)

    assert place.after[1] == keys[2]


def test_rows_of_lists_go_and_the_list_says_how_many_are_left(engine, now):
    with tenant_context(engine.pk):
        root = BusinessUnit.objects.get(parent__isnull=True)
        wanted = create_list(
            name="Beta", kind="user_id", description="", business_unit=root, by=SYSTEM, now=now
        )
        upload_rows(
            list=wanted,
            reading=Reading((Line("ada-1842"), Line("charles-9"))),
            replaces=False,
            by=SYSTEM,
            now=now,
        )

    erase_ada(engine, now)

    with tenant_context(engine.pk):
        wanted.refresh_from_db()
        assert (wanted.size, [row.value for row in wanted.rows.all()]) == (1, ["charles-9"])


def test_the_command_erases_again_what_the_proofs_say(engine, now, tmp_path):
    erase_ada(engine, now)
    with tenant_context(engine.pk):
        Erasure.objects.all().delete()
    send_and_fold(engine, [identify("ada-1842", id="again", traits={"email": ADA})])

    call_command("reapply_erasures", stdout=(out := StringIO()))

    assert mentions(engine, TELLING) == []
    assert "1 erasures were run again" in out.getvalue()
