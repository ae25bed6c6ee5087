"""@jitsu/js against a live server: it never tries again, so every answer must be the one it takes for success."""

import subprocess
from collections import Counter

import pytest

from ingestion.models.events import EventKind
from tests.sdk.conftest import FOLDER, fold_all

pytestmark = [pytest.mark.prove, pytest.mark.django_db(transaction=True)]

TRACKS = 10


@pytest.mark.parametrize("side", ["s2s", "device"])
def test_every_event_arrives_once_in_its_account(web, product, node_packages, side):
    command = ["node", "jitsu.mjs", web.url, product.secret, str(TRACKS), side]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    events = fold_all(product).events
    assert Counter(event.kind for event in events) == {
        EventKind.IDENTIFY: 1,
        EventKind.GROUP: 1,
        EventKind.TRACK: TRACKS,
        EventKind.PAGE: 1,
    }
    tracks = [event for event in events if event.kind == EventKind.TRACK]
    assert sorted(event.properties["n"] for event in tracks) == list(range(TRACKS))
    (account,) = {event.account_id for event in tracks}
    assert account is not None
