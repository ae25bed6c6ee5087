"""Everything held about a person, in a file."""

import json
import zipfile
from datetime import timedelta

import pytest

from ingestion.models import PersonalExport
from ingestion.operations import request_personal_export
from ingestion.operations.personal_exports import file_of, folder_of
from pqlhub.privacy import exporting
from pqlhub.privacy.exporting import continue_personal_export
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tests.privacy.conftest import ADA
from tests.privacy.test_erasing import erase_ada, person


def ask(tenant, now) -> PersonalExport:
    with tenant_context(tenant.pk):
        return request_personal_export(
            subject_kind=1, subject_id=person().pk, with_companions=False, by=SYSTEM, now=now
        )


def go_on(tenant, export, now, seconds=5.0):
    again = continue_personal_export(
        tenant_id=tenant.pk, export_id=export.pk, clock=lambda: now, seconds=seconds
    )
    with tenant_context(tenant.pk):
        export.refresh_from_db()
    return again


def read(export) -> dict[str, str]:
    with zipfile.ZipFile(file_of(export)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_the_file_holds_what_is_hers_and_nothing_else(engine, now):
    export = ask(engine, now)

    go_on(engine, export, now)

    files = read(export)
    events = [json.loads(line) for line in files["ingestion_event.jsonl"].splitlines()]
    assert [event["name"] for event in events] == ["Page seen", "", "", "", "Invited a colleague"]
    assert "not an object" in files["ingestion_quarantinedevent.jsonl"]
    assert ADA in files["index.html"]
    assert "charles" not in "".join(files.values()).lower()
    assert export.rows["ingestion_event"] == 5


def test_killed_at_any_page_it_goes_on_and_says_the_same(engine, now, monkeypatch):
    whole = ask(engine, now)
    go_on(engine, whole, now)
    monkeypatch.setattr(exporting, "PAGE", 2)
    export = ask(engine, now)
    moments = iter(range(10**6))
    monkeypatch.setattr(exporting.time, "monotonic", lambda: next(moments))
    while export.state == "running":
        go_on(engine, export, now, seconds=1.5)
        for part in folder_of(export).glob("*.jsonl"):  # what was written and not committed
            part.write_text(part.read_text() + "half a li") if part.stem == _at(export) else None

    one, other = read(whole), read(export)
    assert {name: sorted(text.splitlines()) for name, text in one.items() if name != "index.html"} == {
        name: sorted(text.splitlines()) for name, text in other.items() if name != "index.html"
    }


def _at(export) -> str:
    place = export.place.get("table", 0)
    return exporting.HOLDINGS[place].table if place < len(exporting.HOLDINGS) else ""


def test_the_file_is_deleted_when_it_expires(engine, now, settings):
    export = ask(engine, now)
    assert go_on(engine, export, now) == now + timedelta(days=settings.PERSONAL_EXPORT_DAYS)

    assert go_on(engine, export, now + timedelta(days=8)) is None

    assert export.state == "gone"
    assert not file_of(export).exists()


def test_the_file_goes_with_the_person(engine, now):
    export = ask(engine, now)
    go_on(engine, export, now)

    erase_ada(engine, now)

    assert not file_of(export).exists()


@pytest.mark.parametrize("owner", ["globex"])
def test_another_tenant_finds_nothing(engine, now, owner, request):
    other = request.getfixturevalue(owner)
    export = ask(engine, now)

    assert (
        continue_personal_export(tenant_id=other.pk, export_id=export.pk, clock=lambda: now, seconds=1)
        is None
    )
