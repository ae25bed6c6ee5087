"""Files of history as tests upload them, and the steps to their import."""

from pathlib import Path

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from ingestion.models import ImportFile, ImportRun
from ingestion.operations import continue_check, continue_import
from pqlhub.pulse import LONG, run_until_idle

HEADER = "user_id,account_id,happened_at,event,amount"
GOOD = [f"u{n % 3},a{n % 2},2024-01-{n + 1:02} 09:00,Signed in,{n}" for n in range(20)]
MAPPED = {
    "source": "", "kind": "track", "event": "event", "user": "user_id", "account": "account_id",
    "timestamp": "happened_at", "time_zone": "UTC", "properties": ["amount"],
}  # fmt: skip


def lines(*rows: str) -> bytes:
    return "\n".join([HEADER, *rows]).encode()


def upload(client, data: bytes, name: str = "history.csv"):
    return client.post(reverse("admin:ingestion_importrun_add"), {"file": SimpleUploadedFile(name, data)})


def mapped(client, data: bytes, **fields) -> ImportFile:
    """Upload and map a file."""
    response = upload(client, data)
    assert response.status_code == 302, response.context["form"].errors
    response = client.post(response.url, MAPPED | fields)
    assert response.status_code == 302, response.context["form"].errors
    return ImportFile.objects.latest("uploaded_at")


def work(*kinds: str) -> None:
    run_until_idle(LONG, clock=timezone.now, budget_seconds=20, kinds=kinds or ("check", "import"))


def act(client, name: str, row, do: str):
    return client.post(reverse(f"admin:ingestion_importrun_{name}", args=[row.pk]), {"do": do}, follow=True)


def imported(client, data: bytes, **fields) -> ImportRun:
    """All steps."""
    file = mapped(client, data, **fields)
    work("check")
    act(client, "file_act", file, "import")
    work("import")
    return ImportRun.objects.latest("started_at")


def kept(home: Path) -> list[Path]:
    return list((home / "imports").glob("*/*"))


def step(acme, kind, key, seconds=0.0):
    """One slice."""
    do, name = {"check": (continue_check, "file_id"), "import": (continue_import, "run_id")}[kind]
    return do(tenant_id=acme.pk, clock=timezone.now, seconds=seconds, **{name: key})


def started(client, data: bytes = lines(*GOOD)) -> ImportRun:
    file = mapped(client, data)
    work("check")
    act(client, "file_act", file, "import")
    return ImportRun.objects.get()
