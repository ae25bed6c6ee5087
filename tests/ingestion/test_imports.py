import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from ingestion.connectors import files
from ingestion.models import Account, Activity, Event, ImportRun, Person, QuarantinedEvent, TraitValue
from ingestion.operations import imports
from ingestion.rules.mapping import make_plan
from tenants.audit import SYSTEM
from tests.factories.ingestion import make_action, make_source
from tests.ingestion.state import snapshot

MAPS = ["userId=user_id", "timestamp=at", "groupId=account_id", "event:=login"]
ROWS = [
    {
        "user_id": n % 3 + 1,
        "at": datetime.fromisoformat(f"2024-01-{n + 1:02} 09:00"),
        "account_id": n % 2,
        "n": n,
    }
    for n in range(20)
]


def write(path: Path, rows: list[dict]) -> Path:
    if ".parquet" in path.name:
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path, row_group_size=7)
        return path
    if ".csv" in path.name:
        lines = [",".join(rows[0]), *(",".join(str(value) for value in row.values()) for row in rows)]
    else:
        lines = [json.dumps(row, default=str) for row in rows]
    data = "\n".join(lines).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


@pytest.fixture
def load(in_acme, capsys):
    def run(path: Path, *options: str, maps: list[str] = MAPS) -> str:
        mapped = [word for each in maps for word in ("--map", each)]
        call_command("import_events", str(path), "--tenant", "acme", *mapped, *options)
        return capsys.readouterr().out

    return run


@pytest.mark.parametrize("name", ["a.parquet", "a.csv", "a.csv.gz", "a.jsonl", "a.jsonl.gz"])
def test_every_format_gives_the_same_history(load, tmp_path, name):
    make_action("login")

    said = load(write(tmp_path / name, ROWS))

    assert "20 added, 0 known before, 0 rejected; 20 counted" in said
    assert set(Account.objects.values_list("key", flat=True)) == {"0", "1"}
    assert set(Person.objects.values_list("label", flat=True)) == {"1", "2", "3"}
    last = Event.objects.order_by("-ts").first()
    assert (last.ts, last.properties) == (
        datetime(2024, 1, 20, 9, tzinfo=UTC),
        {"n": 19},
    )
    assert Activity.objects.filter(exclusion=0).count() == 20


def test_imported_events_are_received_now(load, tmp_path):
    load(write(tmp_path / "a.parquet", ROWS))

    assert (timezone.now() - Event.objects.earliest("received_at").received_at).total_seconds() < 60


def test_the_same_file_again_adds_nothing_and_says_so(load, tmp_path):
    path = write(tmp_path / "a.parquet", ROWS)
    load(path)
    before = snapshot()

    assert "Nothing was added" in load(path)
    assert "0 added, 20 known before" in load(path, "--again")
    assert snapshot() == before


def test_a_killed_import_goes_on_where_its_last_slice_was_committed(load, tmp_path, monkeypatch):
    monkeypatch.setattr(imports, "SLICE", 6)
    path = write(tmp_path / "a.parquet", ROWS)
    store, slices = imports._store, []

    def killed_in_the_third(*args):
        slices.append(args)
        store(*args)
        if len(slices) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(imports, "_store", killed_in_the_third)
    with pytest.raises(CommandError, match="go on"):
        load(path)
    assert (Event.objects.count(), ImportRun.objects.get().rows_read) == (12, 12)

    said = load(path)
    assert "Went on after row 12" in said
    assert "8 added, 0 known before" in said
    assert ImportRun.objects.get().state == "done"


def test_of_two_imports_of_one_file_at_once_one_gives_way(in_acme, tmp_path, monkeypatch, now):
    monkeypatch.setattr(imports, "SLICE", 6)
    path = write(tmp_path / "a.parquet", ROWS)
    plan = make_plan(type=None, maps=MAPS, payload=None, time_zone="UTC", columns=list(ROWS[0]))
    file = imports.FileImport(in_acme, make_source(in_acme), path, plan, now)

    def other_process(run: ImportRun) -> None:
        imports.import_file(file, by=SYSTEM)

    with pytest.raises(imports.ImportRefused, match="another process"):
        imports.import_file(file, by=SYSTEM, progress=other_process)

    assert Event.objects.count() == 20
    assert ImportRun.objects.get().state == "done"


@pytest.mark.parametrize("name", ["a.parquet", "a.csv", "a.jsonl.gz"])
@pytest.mark.parametrize("start", [0, 6, 7, 19, 20])
def test_readers_start_at_any_row(tmp_path, name, start):
    rows = files.open_rows(write(tmp_path / name, ROWS))

    assert rows.count() == 20
    found = list(rows.rows(start))
    assert [number for number, _row in found] == list(range(start, 20))
    assert [str(row["n"]) for _number, row in found] == [str(n) for n in range(start, 20)]


def test_rows_that_cannot_be_read_are_kept_with_the_reason_and_the_rest_lands(load, tmp_path):
    rows = [*ROWS, {**ROWS[0], "at": "yesterday"}, {**ROWS[0], "user_id": ""}]
    path = write(tmp_path / "a.csv", rows)
    path.write_text(path.read_text() + "\n1,2024-01-01,0,1,too,many,columns")

    said = load(path)

    assert "20 added, 0 known before, 3 rejected" in said
    codes = set(QuarantinedEvent.objects.values_list("code", flat=True))
    assert codes == {"invalid_timestamp", "missing_user_id", "unreadable_row"}
    assert ImportRun.objects.get().rows_rejected == 3


@pytest.mark.parametrize(
    "broken",
    ['u,"2024-01-01,0,1', '"u,2024-01-01,0,1', 'u,2024-01-01,0,"1', 'u,2024-01-01,0,"1\nu,2024-01-01,"0",1'],
)
def test_a_quotation_mark_left_open_swallows_no_row(tmp_path, broken):
    path = write(tmp_path / "a.csv", ROWS[:2])
    path.write_text(f"{path.read_text()}\n{broken}\n9,2024-01-01,0,9\n")

    found = [row for _number, row in files.open_rows(path).rows()]

    lost = next(row for row in found if isinstance(row, files.BadRow))
    assert (lost.raw, "quotation mark in line 4" in lost.reason) == (broken.split("\n")[0], True)
    assert found[-1]["user_id"] == "9"
    assert len(found) == 4 + broken.count("\n")


def test_a_value_over_several_lines_stays_whole(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('a,b\n1,"two\nlines"\n2,"too\nmany",columns\n')

    (_, good), (_, bad) = files.open_rows(path).rows()

    assert good == {"a": "1", "b": "two\nlines"}
    assert "has 3 columns" in bad.reason


def test_a_file_of_which_nothing_can_be_read_is_not_imported(load, tmp_path):
    path = write(tmp_path / "a.csv", [{**row, "at": "soon"} for row in ROWS])

    with pytest.raises(CommandError, match="Not one of the first 20 rows"):
        load(path)
    assert not QuarantinedEvent.objects.exists()
    assert ImportRun.objects.get().state == "failed"


def test_a_dry_run_says_what_would_be_and_writes_nothing(load, tmp_path):
    path = write(tmp_path / "a.csv", [*ROWS, {**ROWS[0], "at": "soon"}])

    said = load(path, "--dry-run")

    assert "21 rows, 20 good, 1 rejected" in said
    assert "from 2024-01-01 09:00:00 to 2024-01-20 09:00:00 UTC" in said
    assert "users: 3, known already: 0" in said
    assert "row 21: “soon” is no time." in said
    assert not ImportRun.objects.exists()
    assert not Event.objects.exists()


def test_users_bring_their_traits_with_their_own_dates(load, tmp_path):
    users = [{"id": 1, "created": "2024-01-01", "name": "Ann Lee", "plan": "pro", "account": "a1"}]
    maps = ["userId=id", "timestamp=created", "groupId=account"]

    load(write(tmp_path / "users.csv", users), "--type", "identify", "--traits", "name,plan", maps=maps)

    assert Person.objects.get().traits == {"name": "Ann Lee", "plan": "pro"}
    assert set(TraitValue.objects.values_list("valid_from__date__year", flat=True)) == {2024}
    assert Account.objects.get().key == "a1"


def test_whole_messages_need_no_mapping(load, tmp_path):
    items = [
        {
            "type": "track",
            "userId": "u1",
            "event": "login",
            "timestamp": "2024-01-01T00:00:00Z",
            "messageId": "m1",
        },
        {"type": "identify", "userId": "u1", "traits": {"plan": "pro"}, "timestamp": "2024-01-02T00:00:00Z"},
        {"type": "track", "userId": "u1", "event": "no time"},
    ]

    said = load(write(tmp_path / "export.jsonl", items), maps=[])

    assert "2 added, 0 known before, 1 rejected" in said
    assert Event.objects.filter(message_id="m1").exists()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.xlsx", b"x", "use a file that ends in"),
        ("a.parquet", b"not parquet", "cannot be read"),
        ("missing.csv", None, "There is no file"),
    ],
)
def test_files_that_cannot_be_read_are_refused_with_words(load, tmp_path, name, content, words):
    if content is not None:
        (tmp_path / name).write_bytes(content)

    with pytest.raises(CommandError, match=words):
        load(tmp_path / name)


def test_an_unknown_tenant_is_named(load, tmp_path):
    with pytest.raises(CommandError, match="There is no tenant “nobody”"):
        call_command("import_events", str(write(tmp_path / "a.csv", ROWS)), "--tenant", "nobody")
