import pytest
from django.http import Http404
from django.urls import path
from django.utils import timezone
from rest_framework.response import Response

from tenants.api import TenantAPIView
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.models import ApiToken, BusinessUnit, Role, Source
from tenants.operations import change_role, remove_member, revoke_api_token, suspend_tenant
from tests.factories.tenants import make_api_token, make_source, membership_of


class UnitsView(TenantAPIView):
    required_scopes = {"GET": "leads:read", "PUT": "leads:read", "POST": "leads:write"}

    def get(self, request):
        units = BusinessUnit.objects.filter(self.visible("path")).order_by("name")
        return Response([unit.name for unit in units])

    def put(self, request):
        return Response(
            [unit.name for unit in BusinessUnit.objects.order_by("name") if self.allows(unit.path)]
        )

    def post(self, request):
        make_source(now=timezone.now())
        raise ZeroDivisionError if request.data.get("crash") else Http404


urlpatterns = [path("units", UnitsView.as_view())]


@pytest.fixture
def moment():
    return timezone.now()


def get(client, secret, address="/api/v1/me"):
    return client.get(address, headers={"authorization": f"Bearer {secret}"})


def test_me_says_who_the_token_is(client, corporate, alice, moment):
    _token, secret = make_api_token(creator=alice, business_unit=corporate, now=moment)

    answer = get(client, secret).json()

    assert answer["tenant"]["slug"] == "acme"
    assert answer["user"] == {"email": "alice@acme.test", "name": "Alice"}
    assert answer["token"]["scopes"] == ["leads:read"]


def test_service_token_has_no_user(client, corporate, alice, moment):
    _token, secret = make_api_token(creator=alice, business_unit=corporate, now=moment, personal=False)

    assert get(client, secret, "/api/v1/me/").json()["user"] is None


@pytest.mark.parametrize("secret", ["", "pql_a_nonsense", "\xff"])
def test_unknown_token_is_401_with_code_and_message(client, acme, secret):
    answer = get(client, secret)

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"
    assert set(answer.json()) == {"code", "message"}


def test_revoked_token_and_suspended_tenant_are_401(client, acme, corporate, alice, moment):
    token, secret = make_api_token(creator=alice, business_unit=corporate, now=moment)
    _other, other_secret = make_api_token(creator=alice, business_unit=corporate, now=moment)
    revoke_api_token(token=token, by=SYSTEM, now=moment)

    assert get(client, secret).status_code == 401
    suspend_tenant(tenant=acme, by=SYSTEM, now=moment)
    assert get(client, other_secret).status_code == 401


def test_personal_token_of_a_former_member_is_401(client, boards, rita, alice, moment):
    token, secret = make_api_token(creator=rita, business_unit=boards, now=moment)
    remove_member(membership=membership_of(rita), by=SYSTEM, now=moment)
    ApiToken.objects.filter(pk=token.pk).update(revoked_at=None)

    assert get(client, secret).status_code == 401


@pytest.mark.urls(__name__)
def test_scope_that_is_missing_is_403_and_named(client, corporate, alice, moment):
    _token, secret = make_api_token(
        creator=alice, business_unit=corporate, now=moment, scopes=["reports:read"]
    )

    answer = get(client, secret, "/units")

    assert answer.status_code == 403
    assert "leads:read" in answer.json()["message"]


@pytest.mark.urls(__name__)
def test_method_without_a_declared_scope_is_closed(client, corporate, alice, moment):
    UnitsView.delete = UnitsView.get
    _token, secret = make_api_token(creator=alice, business_unit=corporate, now=moment)

    answer = client.delete("/units", headers={"authorization": f"Bearer {secret}"})

    del UnitsView.delete
    assert answer.status_code == 403


@pytest.mark.urls(__name__)
def test_token_sees_its_business_unit_and_below(client, corporate, boards, insights, alice, moment):
    _token, of_boards = make_api_token(creator=alice, business_unit=boards, now=moment)
    _token, of_all = make_api_token(creator=alice, business_unit=corporate, now=moment, personal=False)

    assert get(client, of_boards, "/units").json() == ["Boards"]
    assert get(client, of_all, "/units").json() == ["Boards", "Corporate", "Insights"]


@pytest.mark.urls(__name__)
@pytest.mark.parametrize(("unit", "allowed"), [("Boards", ["Boards"]), ("Corporate", ["Boards"])])
def test_single_row_is_checked_against_the_token_and_its_person(
    client, corporate, boards, insights, bob, moment, unit, allowed
):
    unit = BusinessUnit.objects.get(name=unit)
    _token, secret = make_api_token(creator=bob, business_unit=unit, now=moment)

    assert client.put("/units", headers={"authorization": f"Bearer {secret}"}).json() == allowed


@pytest.mark.urls(__name__)
def test_single_row_outside_the_tokens_unit_is_refused_whoever_made_it(
    client, corporate, boards, insights, alice, moment
):
    _token, secret = make_api_token(creator=alice, business_unit=boards, now=moment)

    assert client.put("/units", headers={"authorization": f"Bearer {secret}"}).json() == ["Boards"]


@pytest.mark.urls(__name__)
def test_personal_token_never_does_more_than_its_person(client, corporate, boards, insights, bob, moment):
    _token, secret = make_api_token(creator=bob, business_unit=corporate, now=moment)

    assert get(client, secret, "/units").json() == ["Boards"]
    change_role(membership=membership_of(bob), role=Role.PRODUCT_ENGINEER, by=SYSTEM, now=moment)
    assert get(client, secret, "/units").status_code == 403


@pytest.mark.urls(__name__)
@pytest.mark.parametrize(("crash", "status"), [(True, 500), (False, 404)])
def test_what_a_failing_request_wrote_is_rolled_back(client, acme, corporate, alice, moment, crash, status):
    _token, secret = make_api_token(
        creator=alice, business_unit=corporate, now=moment, scopes=["leads:write"]
    )
    client.raise_request_exception = False

    answer = client.post(
        "/units", {"crash": crash}, "application/json", headers={"authorization": f"Bearer {secret}"}
    )

    assert answer.status_code == status
    with tenant_context(acme.pk):
        assert not Source.objects.exists()


def test_last_use_is_noted(client, corporate, alice, moment):
    token, secret = make_api_token(creator=alice, business_unit=corporate, now=moment)

    get(client, secret)

    assert ApiToken.objects.get(pk=token.pk).last_used_at is not None
