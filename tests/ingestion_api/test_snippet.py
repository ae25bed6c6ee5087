"""Scripts from our own host, for sites that keep the snippet of Segment, Jitsu or PostHog and change only the host."""

import gzip
import re
from pathlib import Path

import pytest

STATIC = Path(__file__).resolve().parents[2] / "static"
FOLDER = STATIC / "analytics-next"
SCRIPTS = {
    "/analytics.js/v1/pql_w_any/analytics.min.js": FOLDER / "standalone.js",
    "/p.js": STATIC / "jitsu/p.js",
    "/static/array.js": STATIC / "posthog/array.js",
}
each_script = pytest.mark.parametrize(("path", "file"), SCRIPTS.items(), ids=["segment", "jitsu", "posthog"])
PIECES = sorted(path.name for path in FOLDER.glob("*.bundle.*.js"))


@each_script
@pytest.mark.django_db(databases=[])
def test_a_script_is_served_without_looking_up_a_key(client, path, file):
    response = client.get(path)
    assert (response.status_code, response["Content-Type"]) == (200, "text/javascript; charset=utf-8")
    assert response.content == file.read_bytes()
    assert response["Cache-Control"] == "public, max-age=3600"
    assert response["Access-Control-Allow-Origin"] == "*"


@each_script
@pytest.mark.django_db(databases=[])
def test_a_script_is_compressed_for_those_who_understand_it(client, path, file):
    response = client.get(path, headers={"Accept-Encoding": "gzip, br"})
    assert response["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in response["Vary"]
    assert len(response.content) < 0.4 * file.stat().st_size
    assert gzip.decompress(response.content) == file.read_bytes()


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
    assert not [path.name for path in STATIC.glob("*/*.js") if "//# sourceMappingURL" in path.read_text()]
