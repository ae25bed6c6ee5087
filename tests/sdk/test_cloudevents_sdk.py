"""The SDK of CloudEvents against a live server: each event arrives once, whichever way and however often it is sent."""

import subprocess
from collections import Counter

import pytest

from tests.sdk import python_sdks
from tests.sdk.conftest import FOLDER, fold_all

pytestmark = [pytest.mark.prove, pytest.mark.django_db(transaction=True)]

EVENTS, WAYS = 5, 3


def test_every_event_arrives_exactly_once(web, product, node_packages):
    command = ["node", "cloudevents.mjs", web.url, product.secret, str(EVENTS)]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    folded = fold_all(product)
    assert folded.duplicates == EVENTS * WAYS
    assert {event.name for event in folded.events} == {"report.exported"}
    assert Counter((event.ts, event.properties["note"]) for event in folded.events) == {
        (python_sdks.time_of(n), "ünïcode 🎉"): WAYS for n in range(EVENTS)
    }
    assert all(event.account_id for event in folded.events)
