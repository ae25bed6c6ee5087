"""Guessing passwords is stopped, for the one address it is tried on."""

import pytest
from django.core.cache import cache
from django.urls import reverse

from tests.factories.tenants import PASSWORD


@pytest.fixture
def guarded(settings, client, db):
    settings.AXES_ENABLED = True
    settings.ACCOUNT_RATE_LIMITS = False  # allauth's own limit would answer first
    cache.clear()
    return client


def sign_in(client, email, password):
    return client.post(reverse("account_login"), {"login": email, "password": password})


def test_right_password_is_refused_after_too_many_wrong_ones(guarded, acme, alice, settings):
    for _n in range(settings.AXES_FAILURE_LIMIT):
        sign_in(guarded, alice.email, "wrong")

    answer = sign_in(guarded, alice.email, PASSWORD)

    assert answer.status_code == 429
    assert "Set a new password" in answer.content.decode()
    assert "_auth_user_id" not in guarded.session


def test_colleague_at_the_same_address_still_gets_in(guarded, acme, alice, bob, settings):
    for _n in range(settings.AXES_FAILURE_LIMIT):
        sign_in(guarded, alice.email, "wrong")

    assert sign_in(guarded, bob.email, PASSWORD).status_code == 302


def test_spelling_the_address_otherwise_gives_no_more_tries(guarded, acme, alice, settings):
    for n in range(settings.AXES_FAILURE_LIMIT):
        sign_in(guarded, alice.email.upper() if n % 2 else alice.email, "wrong")

    assert sign_in(guarded, alice.email, PASSWORD).status_code == 429
