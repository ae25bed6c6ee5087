"""analytics.js from our own host, for sites that keep Segment's snippet and change only the host in it."""

import gzip
import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "static/analytics-next"
SCRIPT = "/analytics.js/v1/pql_w_any/analytics.min.js"
PIECES = sorted(path.name for path in FOLDER.glob("*.bundle.*.js"))


@pytest.mark.django_db(databases=[])
def test_the_script_is_served_without_looking_up_its_key(client):
    response = client.get(SCRIPT)
    assert (response.status_code, response["Content-Type"]) == (200, "text/javascript; charset=utf-8")
    assert response.content == (FOLDER / "standalone.js").read_bytes()
    assert response["Cache-Control"] == "public, max-age=3600"
    assert response["Access-Control-Allow-Origin"] == "*"


@pytest.mark.django_db(databases=[])
def test_the_script_is_compressed_for_those_who_understand_it(client):
    response = client.get(SCRIPT, headers={"Accept-Encoding": "gzip, br"})
    assert response["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in response["Vary"]
    assert len(response.content) < 40_000
    assert gzip.decompress(response.content) == (FOLDER / "standalone.js").read_bytes()


def test_every_piece_that_the_script_may_load_is_here():
    named = set(re.findall(r'\d+:"([0-9a-f]{20})"', (FOLDER / "standalone.js").read_text()))
    assert named == {name.split(".")[-2] for name in PIECES}


@pytest.mark.parametrize("name", PIECES)
def test_a_piece_is_served_where_the_script_looks_for_it(client, name):
    response = client.get(f"/analytics-next/bundles/{name}")
    assert response.content == (FOLDER / name).read_bytes()
    assert "immutable" in response["Cache-Control"]


@pytest.mark.parametrize(
    "path", ["analytics-next/bundles/README.md", "analytics-next/bundles/x.js", "analytics.js/v1"]
)
def test_nothing_else_is_served_and_nothing_redirects(client, db, path):
    response = client.get("/" + path)
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_no_file_names_a_source_map_that_is_not_here():
    """The static files of a production build are checked for them."""
    assert not [path.name for path in FOLDER.glob("*.js") if "//# sourceMappingURL" in path.read_text()]
