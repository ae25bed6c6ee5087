"""The OpenAPI description is served, complete, true to what the views do, and readable without another host."""

import json
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

ROOT = Path(__file__).resolve().parents[2]
INGESTION = ROOT / "ingestion"
OF_FILES = [  # rows of files have reasons of their own
    INGESTION / "rules/mapping.py",
    INGESTION / "rules/file_types.py",
    INGESTION / "operations/addressing.py",
    INGESTION / "operations/imports.py",
]
CALLS = ["batch", "track", "identify", "group", "page", "screen", "alias"]


@pytest.fixture
def described(client, db):
    response = client.get("/api/schema/", headers={"Accept": "application/vnd.oai.openapi+json"})
    assert response.status_code == 200
    return json.loads(response.content)


def test_every_call_is_described_once_and_short_names_are_not(described):
    paths = [path for path in described["paths"] if path.startswith("/v1/")]
    assert paths == sorted(f"/v1/{name}" for name in [*CALLS, "cloudevents"])


@pytest.mark.parametrize("name", CALLS)
def test_an_example_of_the_description_is_accepted_as_it_stands(described, send, product, name):
    call = described["paths"][f"/v1/{name}"]["post"]
    content = call["requestBody"]["content"]["application/json"]
    example = next(iter(content["examples"].values()))["value"]
    assert send(example, f"/v1/{name}").said["rejected"] == []
    assert len(product.inbox()) == (3 if name == "batch" else 1)
    assert set(call["responses"]) == {"200", "400", "401", "403", "413", "429", "503"}
    assert {"writeKey": []} in call["security"]


def test_the_examples_of_cloudevents_are_accepted_as_they_stand(described, send, product):
    call = described["paths"]["/v1/cloudevents"]["post"]
    for media_type, content in call["requestBody"]["content"].items():
        example = next(iter(content["examples"].values()))["value"]
        said = send(example, "/v1/cloudevents", **{"Content-Type": media_type}).said
        assert (said["accepted"], said["rejected"]) == (1, [])
    assert {"writeKey": []} in call["security"]


def test_the_page_loads_nothing_from_another_host_and_no_inline_script(client, db):
    page = client.get("/api/docs/").content.decode()
    sources = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert sources
    assert all(source.startswith("/") for source in sources)
    assert re.search(r"<script>\s*\S", page) is None
    for source in sources:
        if source.startswith("/static/"):
            assert finders.find(source.removeprefix("/static/")), source


def test_the_guide_names_every_code_that_an_answer_can_carry():
    guide = (ROOT / "docs/guides/send-events.md").read_text()
    files = [path for folder in ("api", "rules") for path in (ROOT / "ingestion" / folder).rglob("*.py")]
    calls = r'(?:Rejected\(|Rejection\(\s*|IngestError\(\s*\d+,|failure\(\d+,)\s*"([a-z_]+)"'
    over_http = [path for path in files if path not in OF_FILES]
    named = {code for path in over_http for code in re.findall(calls, path.read_text())}
    assert len(named) > 20
    assert {code for code in named if f"`{code}`" not in guide} == set()


def test_the_guide_of_imports_names_every_reason_that_only_files_have():
    guide = (ROOT / "docs/guides/import-history.md").read_text()
    named = {code for path in OF_FILES for code in re.findall(r'Rejection\(\s*"([a-z_]+)"', path.read_text())}
    assert len(named) > 8
    assert {code for code in named if f"`{code}`" not in guide} == set()
