"""Files that cannot be imported, and people who may not import."""

import bz2
import gzip
import io
import zipfile

import pytest
from django.urls import reverse
from django.utils import timezone

from ingestion.connectors import unpacking
from ingestion.models import Event, ImportFile
from ingestion.operations import continue_check, continue_import
from tenants.context import tenant_context
from tenants.models import Role
from tests.conftest import member
from tests.console_define.files import (
    GOOD,
    HEADER,
    act,
    kept,
    lines,
    mapped,
    started,
    upload,
    work,
)

pytestmark = pytest.mark.usefixtures("home")


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.csv", lines(*GOOD))
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        pytest.param(b"", "The file is empty", id="empty"),
        pytest.param(b"\n \n", "The file is empty", id="blank"),
        pytest.param(gzip.compress(b""), "The file is empty", id="empty inside"),
        pytest.param(HEADER.encode(), "no rows", id="only a header"),
        pytest.param("\n".join(GOOD).encode(), "The first line holds data", id="no header"),
        pytest.param(b"a,,c\n1,2,3", "Column 2 has no name", id="a column without a name"),
        pytest.param(b"a,a\n1,2", "two columns of one name", id="one name twice"),
        pytest.param(lines("Ren\u00e9").decode().encode("latin-1"), "Line 2 is not UTF-8", id="latin-1"),
        pytest.param(zipped(), "save the sheet as “CSV UTF-8”", id="a zip called .csv"),
        pytest.param(lines() + b"\n" * 200_001, "empty ones", id="nothing but empty lines"),
        pytest.param(b"\x7fELF\0\0\0", "binary file", id="binary"),
        pytest.param(bz2.compress(lines(*GOOD)), "packed by bzip2", id="bzip2"),
        pytest.param(gzip.compress(gzip.compress(lines(*GOOD))), "packed twice", id="packed twice"),
        pytest.param(gzip.compress(lines(*GOOD))[:-20], "damaged or was cut off", id="cut off"),
        pytest.param(b"PAR1 and then nothing", "cannot be read", id="half a parquet"),
        pytest.param(b'[{"a": 1}]', "one object a line", id="a list"),
        pytest.param(HEADER.encode() + b"\n1,2\n3", "None of the first 2 rows", id="ragged"),
        pytest.param(b'{"a": \n1}', "None of the first 2 rows", id="an object over several lines"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_what_to_do(engineer, in_acme, home, data, says):
    response = upload(engineer, data)

    assert response.status_code == 422
    assert says in " ".join(response.context["form"].errors["file"])
    assert (ImportFile.objects.count(), kept(home)) == (0, [])


def test_no_file_is_asked_for(engineer, in_acme):
    response = engineer.post(reverse("admin:ingestion_importrun_add"))

    assert (response.status_code, response.context["form"].errors["file"]) == (422, ["Choose a file first."])


@pytest.mark.parametrize("guard", ["upload handler", "store"])
def test_a_file_over_the_limit_is_refused_and_not_kept(engineer, in_acme, home, settings, monkeypatch, guard):
    settings.IMPORT_MAX_MB = 1
    if guard == "store":
        settings.FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]

    response = upload(engineer, lines(*GOOD) + b"\n" * 1_100_000)

    assert "larger than 1 MB" in response.context["form"].errors["file"][0]
    assert kept(home) == []


def test_a_bomb_is_refused_when_its_rows_are_read(engineer, in_acme, monkeypatch):
    monkeypatch.setattr(unpacking, "BOMB_FROM", 300_000)
    monkeypatch.setattr(unpacking, "BOMB_RATIO", 20)
    file = mapped(engineer, gzip.compress(lines(*GOOD) + b"\nu1,a1,2024-01-01,Signed in,1" * 20_000))
    work("check")

    page = engineer.get(reverse("admin:ingestion_importrun_check", args=[file.pk])).content.decode()
    assert "unpacks to more than 20 times its size" in page
    assert 'value="import"' not in page


def test_a_line_without_an_end_is_not_held_in_memory(engineer, in_acme, monkeypatch):
    monkeypatch.setattr("ingestion.connectors.files.LONGEST_LINE", 1_000)

    response = upload(engineer, lines("x" * 2_000))

    assert "longer than 1,000 characters" in response.context["form"].errors["file"][0]


ADDRESSES = ["map", "check", "file_act", "change", "act", "rejected"]


@pytest.mark.parametrize("name", ADDRESSES)
@pytest.mark.parametrize("verb", ["get", "post"])
def test_another_company_finds_neither_run_nor_file(as_user, charlie, engineer, in_acme, name, verb):
    run = started(engineer)
    key = run.pk if name in ("change", "act", "rejected") else ImportFile.objects.get().pk
    stranger = as_user(charlie)

    response = getattr(stranger, verb)(
        reverse(f"admin:ingestion_importrun_{name}", args=[key]), {"do": "cancel"}
    )

    assert response.status_code in (404, 405)
    run.refresh_from_db()
    assert run.state == "running"


def test_another_company_does_not_see_waiting_files(as_user, charlie, engineer, in_acme):
    upload(engineer, lines(*GOOD), "secret plans.csv")
    address = reverse("admin:ingestion_importrun_changelist")

    assert "secret plans" in engineer.get(address).content.decode()
    assert "secret plans" not in as_user(charlie).get(address).content.decode()


def test_a_work_row_of_another_company_reads_nothing(engineer, globex, in_acme):
    run = started(engineer)

    assert continue_import(tenant_id=globex.pk, run_id=run.pk, clock=timezone.now, seconds=5) is False
    assert (
        continue_check(tenant_id=globex.pk, file_id=run.files.get().pk, clock=timezone.now, seconds=5)
        is False
    )
    with tenant_context(globex.pk):
        assert not Event.objects.exists()


@pytest.mark.parametrize(
    ("role", "may_look", "may_import"),
    [
        (Role.CORPORATE_ADMIN, True, True),
        (Role.PRODUCT_ENGINEER, True, True),
        (Role.BU_OWNER, True, False),
        (Role.ANALYST, True, False),
        (Role.SALES_MANAGER, False, False),
        (Role.REP, False, False),
        (Role.READ_ONLY, False, False),
    ],
)
def test_who_may_look_and_who_may_import(as_user, acme, engineer, in_acme, now, role, may_look, may_import):
    run = started(engineer)
    file = run.files.get()
    client = as_user(member(acme, "x@acme.test", role, "Corporate", now))

    def answer(name, row=None):
        return client.get(
            reverse(f"admin:ingestion_importrun_{name}", args=[row.pk] if row else [])
        ).status_code

    assert {answer("change", run), answer("rejected", run)} == {200 if may_look else 403}
    assert answer("add") == (200 if may_import else 403)
    assert answer("map", file) == (302 if may_import else 403)
    act(client, "act", run, "pause")
    run.refresh_from_db()
    assert run.state == ("paused" if may_import else "running")
