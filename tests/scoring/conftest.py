"""The actions and the person that most histories of these tests are made of."""

import pytest

from tests.factories.scoring import make_action
from tests.scoring.histories import make_person


@pytest.fixture
def login(in_acme):
    return make_action("login")


@pytest.fixture
def buy(in_acme):
    return make_action("buy")


@pytest.fixture
def ann(in_acme, now):
    return make_person("ann", now)
