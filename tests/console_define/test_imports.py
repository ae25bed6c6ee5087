"""History from files, in the console: upload, map, dry run, and an import by workers."""

import csv
import gzip
import io
import json
import re
from datetime import UTC, datetime, timedelta

import pyarrow
import pyarrow.parquet
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from ingestion.models import Account, Event, ImportFile, ImportRun, Person, QuarantinedEvent, TraitValue
from ingestion.operations import imports, remove_old_files
from pqlhub.pulse import PULSE, run_until_idle
from routing.models import Lead
from scoring.models import Qualification
from scoring.operations import score_due
from tenants.models import AuditEvent
from tests.console_define.files import (
    GOOD,
    HEADER,
    MAPPED,
    act,
    imported,
    kept,
    lines,
    mapped,
    started,
    step,
    upload,
    work,
)
from tests.factories.ingestion import make_action, make_source, send_and_fold, track
from tests.factories.scoring import make_live, signal

pytestmark = pytest.mark.usefixtures("home")


def test_a_file_goes_from_upload_to_history(engineer, in_acme, home, django_capture_on_commit_callbacks):
    make_action("Signed in")

    with django_capture_on_commit_callbacks(execute=True):
        run = imported(engineer, lines(*GOOD))

    assert (run.state, run.rows_read, run.rows_rejected, run.events_added) == ("done", 20, 0, 20)
    assert run.file_name == "history.csv"
    last = Event.objects.order_by("-ts").first()
    assert (last.ts, last.name, last.properties) == (
        datetime(2024, 1, 20, 9, tzinfo=UTC), "Signed in", {"amount": 19},
    )  # fmt: skip
    assert set(Account.objects.values_list("key", flat=True)) == {"a0", "a1"}
    assert kept(home) == []
    verbs = set(AuditEvent.objects.values_list("verb", flat=True))
    assert {"import_file.uploaded", "import_file.mapped", "import.started", "import.done"} <= verbs


def test_nothing_is_stored_before_somebody_presses_import(engineer, in_acme):
    mapped(engineer, lines(*GOOD))
    work()

    assert not Event.objects.exists()
    assert not Person.objects.exists()


def parquet_file() -> bytes:
    rows = [dict(zip(HEADER.split(","), row.split(","), strict=True)) for row in GOOD]
    file = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), file)
    return file.getvalue()


def json_lines() -> bytes:
    rows = [dict(zip(HEADER.split(","), row.split(","), strict=True)) for row in GOOD]
    return "\n".join(json.dumps(row) for row in rows).encode()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(lines(*GOOD), id="csv"),
        pytest.param(lines(*GOOD).replace(b",", b";"), id="semicolons"),
        pytest.param(lines(*GOOD).replace(b",", b"\t"), id="tabs"),
        pytest.param(b"\xef\xbb\xbf" + lines(*GOOD), id="csv with a mark"),
        pytest.param(lines(*GOOD).decode().encode("utf-16"), id="utf-16"),
        pytest.param(gzip.compress(lines(*GOOD)), id="gzip"),
        pytest.param(pyarrow.compress(lines(*GOOD), "zstd", asbytes=True), id="zstandard"),
        pytest.param(json_lines(), id="json lines"),
        pytest.param(parquet_file(), id="parquet"),
    ],
)
def test_a_file_is_known_by_what_is_in_it_whatever_its_name(engineer, in_acme, data):
    assert imported(engineer, data).events_added == 20
    assert Event.objects.filter(properties__has_key="amount").count() == 20


def test_columns_are_guessed_and_first_rows_shown(engineer, in_acme):
    page = engineer.get(upload(engineer, lines(*GOOD)).url)

    initial = page.context["form"].initial
    assert (initial["user"], initial["account"], initial["timestamp"]) == (
        "user_id", "account_id", "happened_at",
    )  # fmt: skip
    assert (initial["event"], initial["properties"][-1]) == ("event", "amount")
    assert initial["time_zone"] == "Europe/Berlin"
    assert "u0" in page.content.decode()


ACCOUNTS = b"Website,Industry,Employees\nacme.com,Energy,250\nglobex.com,Media,9\n"


def test_accounts_go_through_the_same_steps(engineer, in_acme):
    response = upload(engineer, ACCOUNTS)
    initial = engineer.get(response.url).context["form"].initial
    fields = {name: initial[name] for name in ("kind", "domain", "time_zone", "properties", "origin")}
    engineer.post(response.url, {**fields, "source": ""})
    work("check")
    act(engineer, "file_act", ImportFile.objects.get(), "import")
    work("import")

    assert (initial["kind"], initial["domain"], initial["origin"]) == ("account", "Website", "crm")
    assert Account.objects.get(key="acme.com").traits["employees"] == 250
    assert not Person.objects.exists()


def test_the_kind_can_be_said_first_and_changed_on_the_way(engineer, in_acme):
    response = engineer.post(
        reverse("admin:ingestion_importrun_add"),
        {"file": SimpleUploadedFile("a.csv", ACCOUNTS), "kind": "group"},
    )
    first = engineer.get(response.url).context["form"]
    other = engineer.get(response.url, {"kind": "deal"}).context["form"]

    assert (first.shown_kind, other.shown_kind) == ("group", "deal")
    assert {"stage", "amount", "currency_code"} <= {field.name for field in other.columns_of_fields}


@pytest.mark.parametrize(
    ("kind", "fields", "wrong"),
    [
        ("account", {}, "account"),
        ("lead", {"timestamp": "Industry"}, "user"),
        ("deal", {"domain": "Website", "timestamp": "Industry"}, "stage"),
        ("deal", {"domain": "Website", "timestamp": "Industry", "currency_code": "x"}, "currency_code"),
    ],
)
def test_a_mapping_that_lacks_something_says_where(engineer, in_acme, kind, fields, wrong):
    address = upload(engineer, ACCOUNTS).url

    response = engineer.post(address, {"kind": kind, "time_zone": "UTC", "source": "", **fields})

    assert (response.status_code, wrong in response.context["form"].errors) == (422, True)


def test_the_next_file_of_a_source_is_mapped_as_the_last_one(engineer, in_acme):
    imported(engineer, lines(*GOOD), time_zone="Asia/Tokyo", anonymous="amount")

    page = engineer.get(upload(engineer, lines("u9,a9,2024-02-01 09:00,Signed in,1")).url)

    initial = page.context["form"].initial
    assert (initial["timestamp"], initial["anonymous"]) == ("happened_at", "amount")
    assert initial["time_zone"] == "Asia/Tokyo"
    anew = engineer.get(page.request["PATH_INFO"] + "?like=").context["form"].initial
    assert anew["time_zone"] == "Europe/Berlin"


def test_dry_run_says_what_would_happen(engineer, acme, in_acme):
    send_and_fold(acme, [track("u0", "x", account="a0")])
    soon = f"{timezone.now() + timedelta(hours=2):%Y-%m-%d %H:%M}"
    absurd = ["u1,a1,1970-01-01 00:00,Signed in,1", f"u1,a1,{soon},Signed in,1"]
    bad = [
        "u1,a1,yesterday,Signed in,1",
        "u1,a1,3024-01-01,Signed in,1",
        ",,2024-01-01,Signed in,1",
        "too,few",
    ]
    file = mapped(engineer, lines(*GOOD, *absurd, *bad))
    work("check")

    page = engineer.get(reverse("admin:ingestion_importrun_check", args=[file.pk]))
    found = page.context["findings"]
    assert (found.good, found.rejected, found.long_ago, found.future) == (22, 4, 1, 1)
    assert (sorted(found.unknown_users), found.unknown_accounts) == (["u1", "u2"], ["a1"])
    assert {code: each["samples"][0][0] for code, each in found.errors.items()} == {
        "invalid_timestamp": 23, "timestamp_out_of_range": 24, "missing_user_id": 25, "unreadable_row": 26,
    }  # fmt: skip
    assert "yesterday" in page.content.decode()


def test_dry_run_knows_what_is_here_already(engineer, in_acme):
    imported(engineer, lines(*GOOD))
    file = mapped(engineer, lines(*GOOD), source=str(ImportRun.objects.get().source_id))
    work("check")

    page = engineer.get(reverse("admin:ingestion_importrun_check", args=[file.pk])).content.decode()
    assert "importing it adds nothing" in page


def test_the_same_file_twice_adds_nothing(engineer, in_acme):
    run = imported(engineer, lines(*GOOD))
    source = str(run.source_id)

    assert imported(engineer, lines(*GOOD), source=source) == run
    again = imported(engineer, lines(*GOOD), source=source, time_zone="Asia/Tokyo")

    assert (again.events_added, again.events_known, Event.objects.count()) == (0, 20, 20)


def test_rejected_rows_come_back_as_a_file_with_their_reasons(engineer, in_acme):
    run = imported(engineer, lines(*GOOD, "u1,a1,yesterday,Signed in,=1+1", "too,few"))

    response = engineer.get(reverse("admin:ingestion_importrun_rejected", args=[run.pk]))
    rows = list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))
    assert [row[:2] for row in rows[1:]] == [["21", "invalid_timestamp"], ["22", "unreadable_row"]]
    assert "yesterday" in rows[1][3]
    assert QuarantinedEvent.objects.filter(import_run_id=run.pk).count() == run.rows_rejected == 2


def test_dry_run_goes_on_where_it_stopped(engineer, acme, in_acme, slices_of_6):
    file = mapped(engineer, lines(*GOOD))

    assert step(acme, "check", file.pk)
    file.refresh_from_db()
    assert (file.rows_checked, file.findings["good"]) == (6, 6)
    while step(acme, "check", file.pk):
        pass

    file.refresh_from_db()
    assert (file.state, file.rows_checked, file.findings["good"]) == ("checked", 20, 20)


def test_a_run_is_paused_goes_on_and_reads_each_row_once(engineer, acme, in_acme, slices_of_6):
    run = started(engineer)
    assert step(acme, "import", run.pk)

    act(engineer, "act", run, "pause")
    assert step(acme, "import", run.pk) is False
    assert Event.objects.count() == 6
    act(engineer, "act", run, "resume")
    work("import")

    run.refresh_from_db()
    assert (run.state, run.events_added, run.events_known) == ("done", 20, 0)


def test_a_run_that_is_paused_in_the_middle_of_its_slices_stops(
    engineer, acme, in_acme, slices_of_6, monkeypatch
):
    run = started(engineer)
    store = imports._store

    def then_pause(*args):
        store(*args)
        act(engineer, "act", run, "pause")

    monkeypatch.setattr(imports, "_store", then_pause)
    assert step(acme, "import", run.pk, seconds=60) is False
    run.refresh_from_db()
    assert (run.state, run.rows_read) == ("paused", 6)


def test_a_cancelled_run_keeps_what_was_read_and_deletes_the_file(
    engineer, acme, in_acme, slices_of_6, home, django_capture_on_commit_callbacks
):
    run = started(engineer)
    step(acme, "import", run.pk)

    with django_capture_on_commit_callbacks(execute=True):
        act(engineer, "act", run, "cancel")
    work("import")

    run.refresh_from_db()
    assert (run.state, Event.objects.count(), kept(home)) == ("cancelled", 6, [])
    assert "no longer kept" in act(engineer, "act", run, "resume").content.decode()


def test_the_file_of_a_cancelled_run_uploaded_again_goes_on(engineer, acme, in_acme, slices_of_6):
    run = started(engineer)
    step(acme, "import", run.pk)
    act(engineer, "act", run, "cancel")

    again = imported(engineer, lines(*GOOD), source=str(run.source_id))

    assert (again.pk, again.state, again.events_added, again.events_known) == (run.pk, "done", 20, 0)


def test_a_run_whose_file_is_gone_says_what_to_do(engineer, acme, in_acme, home):
    run = started(engineer)
    remove_old_files(keep=timedelta(0))
    work("import")

    run.refresh_from_db()
    assert (run.state, kept(home)) == ("failed", [])
    page = engineer.get(reverse("admin:ingestion_importrun_change", args=[run.pk])).content.decode()
    assert "Upload it again" in page


def test_young_files_are_kept(engineer, in_acme, home):
    upload(engineer, lines(*GOOD))

    assert remove_old_files(keep=timedelta(days=1)) == 0
    assert len(kept(home)) == 1


def test_a_file_is_kept_under_a_random_name_for_this_account_only(engineer, acme, in_acme, home):
    upload(engineer, lines(*GOOD), name="../../payroll of ann.csv")

    (path,) = kept(home)
    assert re.fullmatch(r"[0-9a-f]{32}\.csv", path.name)
    assert path.parent.name == str(acme.pk)
    assert [each.stat().st_mode & 0o777 for each in (path, path.parent)] == [0o600, 0o700]
    assert ImportFile.objects.get().file_name == "payroll of ann.csv"


def test_a_file_can_be_thrown_away(engineer, in_acme, home, django_capture_on_commit_callbacks):
    file = mapped(engineer, lines(*GOOD))

    with django_capture_on_commit_callbacks(execute=True):
        act(engineer, "file_act", file, "discard")

    assert (ImportFile.objects.count(), kept(home)) == (0, [])


@pytest.mark.parametrize(
    ("fields", "field", "says"),
    [
        pytest.param({"user": ""}, "user", "says who it was", id="nobody"),
        pytest.param({"timestamp": ""}, "timestamp", "says when it happened", id="no time"),
        pytest.param({"event": ""}, "event", "event's name", id="no event"),
        pytest.param({"kind": "group", "account": ""}, "account", "account's id", id="no account"),
        pytest.param({"user": "gone"}, "user", "not one of the available", id="unknown column"),
        pytest.param({"time_zone": "Mars/Base"}, "time_zone", "is not a time zone", id="no zone"),
        pytest.param({"source": "nonsense"}, "source", "not one of the available", id="no source"),
    ],
)
def test_a_mapping_that_cannot_work_is_refused_at_its_field(engineer, in_acme, fields, field, says):
    response = engineer.post(upload(engineer, lines(*GOOD)).url, MAPPED | fields)

    assert response.status_code == 422
    assert says in response.context["form"].errors[field][0]


def test_persons_come_with_traits_from_their_own_date(engineer, in_acme):
    data = b"id,mail,plan,since\nu1,ann@example.com,pro,2024-05-01\nu2,bea@example.com,free,"

    person = {"kind": "identify", "event": "", "user": "id", "account": "", "timestamp": "since"}
    run = imported(engineer, data, **person, properties=["plan"])

    assert run.events_added == 2
    ann, bea = TraitValue.objects.filter(name="plan").order_by("valid_from")
    assert (ann.value, ann.valid_from) == ("pro", datetime(2024, 5, 1, tzinfo=UTC))
    assert (bea.value, (timezone.now() - bea.valid_from).total_seconds() < 60) == ("free", True)


def test_messages_of_an_sdk_need_no_columns(engineer, in_acme):
    data = b'{"type": "track", "userId": "u1", "event": "Signed in", "timestamp": "2024-01-01T00:00:00Z"}'
    response = upload(engineer, data, "segment.jsonl")

    assert engineer.get(response.url).context["form"].initial["kind"] == "whole"
    engineer.post(response.url, {"kind": "whole", "time_zone": "UTC", "source": ""})
    work("check")
    act(engineer, "file_act", ImportFile.objects.get(), "import")
    work("import")
    assert Event.objects.get().name == "Signed in"


def test_a_run_costs_as_many_queries_for_20_rejected_rows_as_for_10(engineer, in_acme):
    counts = []
    for number in (10, 20):
        source = ImportRun.objects.first()
        data = lines(*GOOD, *["u1,a1,yesterday,x,1"] * number)
        run = imported(engineer, data, source=str(source.source_id) if source else "")
        address = reverse("admin:ingestion_importrun_change", args=[run.pk])
        engineer.get(address)
        with CaptureQueriesContext(connection) as queries:
            engineer.get(address)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_past_opens_no_pql_and_no_lead(engineer, acme, in_acme, history, boards):
    make_live(signal(history["Signed in"], at_least=2, points=5000), business_unit=boards, name="Keen")
    score_due(now=timezone.now())
    before = set(Qualification.objects.values_list("subject_id", flat=True))

    imported(engineer, lines(*GOOD, *GOOD), source=str(make_source(acme).pk))
    run_until_idle(PULSE, clock=timezone.now, budget_seconds=20, kinds=["score", "route"])

    assert Person.objects.filter(label="u1").exists()
    assert set(Qualification.objects.values_list("subject_id", flat=True)) == before
    assert Lead.objects.count() <= len(before)


@pytest.mark.parametrize(("fields", "leads"), [({}, 0), ({"opens_pqls": "on"}, 1)])
def test_imported_events_of_today_open_leads_only_when_asked_to(
    engineer, acme, in_acme, history, boards, today, fields, leads
):
    make_live(signal(history["Signed in"], at_least=9, points=5000), business_unit=boards)
    rows = [f"u7,a1,{(today - timedelta(hours=n)).isoformat()},Signed in,1" for n in range(9)]

    run = imported(engineer, lines(*rows), **fields)
    run_until_idle(PULSE, clock=timezone.now, budget_seconds=20, kinds=["score", "route"])

    assert (run.is_historical, Qualification.objects.count(), Lead.objects.count()) == (not fields, 1, leads)
