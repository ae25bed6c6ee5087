from datetime import timedelta

import pytest

from tenants import queries
from tenants.audit import SYSTEM
from tenants.models import WriteKey
from tenants.operations import (
    Refused,
    TooManyKeys,
    change_source,
    issue_write_key,
    revoke_write_key,
    rotate_write_key,
)
from tests.factories.tenants import make_api_token, make_source, make_write_key


def test_key_opens_its_source(in_acme, now):
    key, secret = make_write_key(now=now)

    owner = queries.find_write_key(secret, now=now)

    assert (owner.tenant_id, owner.key_id, owner.source_id) == (in_acme.pk, key.pk, key.source_id)


def test_rotating_overlaps_for_a_week(in_acme, now):
    key, old = make_write_key(now=now)

    _fresh, new = rotate_write_key(key=key, by=SYSTEM, now=now)

    soon, late = now + timedelta(days=6), now + timedelta(days=7)
    assert queries.find_write_key(old, now=soon) is not None
    assert queries.find_write_key(old, now=late) is None
    assert queries.find_write_key(new, now=late) is not None


def test_third_live_key_is_refused_until_one_expires(in_acme, now):
    key, _secret = make_write_key(now=now)
    rotate_write_key(key=key, by=SYSTEM, now=now)

    with pytest.raises(TooManyKeys):
        issue_write_key(source=key.source, by=SYSTEM, now=now)
    issue_write_key(source=key.source, by=SYSTEM, now=now + timedelta(days=7))

    assert WriteKey.objects.filter(slot__isnull=False).count() == 2


def test_dead_key_is_not_rotated(in_acme, now):
    key, _secret = make_write_key(now=now)
    revoke_write_key(key=key, by=SYSTEM, now=now)

    with pytest.raises(Refused, match="no longer live"):
        rotate_write_key(key=WriteKey.objects.get(), by=SYSTEM, now=now)


def test_disabled_source_opens_to_no_key(in_acme, now):
    source = make_source(now=now)
    _key, secret = make_write_key(source=source, now=now)

    change_source(source=source, name=source.name, kind=source.kind, is_enabled=False, by=SYSTEM, now=now)

    assert queries.find_write_key(secret, now=now) is None


@pytest.mark.parametrize("days", [0, -1, 367])
def test_token_lives_between_now_and_a_year(corporate, alice, now, days):
    with pytest.raises(Refused, match="within a year"):
        make_api_token(creator=alice, business_unit=corporate, now=now, expires_at=now + timedelta(days=days))
