"""The plan of an account over REST: what holds now and was said before, and saying what holds."""

from typing import Any
from uuid import uuid4

from django.db.models import Q
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ingestion.models import Account
from ingestion.operations import state_plan
from ingestion.queries.plans import AccountPlan, account_plan
from ingestion.rules.plans import FACTS
from tenants import audit, queries
from tenants.api import TenantAPIView
from tenants.audit import Actor

ANY = serializers.JSONField  # read by the rules, which say what is wrong with it


class _StatementSerializer(serializers.Serializer):
    """What is left out stays as it is; null takes it away."""

    plan = ANY(required=False, allow_null=True, help_text="The key of the plan, for example team.")
    status = ANY(required=False, allow_null=True, help_text="trial, free, paid, expired or cancelled.")
    trial_start = ANY(required=False, allow_null=True, help_text="First day of the trial, 2027-01-01.")
    trial_end = ANY(required=False, allow_null=True, help_text="Last day of the trial.")
    period_start = ANY(required=False, allow_null=True, help_text="First day of a billing period.")
    at = serializers.DateTimeField(required=False, help_text="From when on it holds; now when left out.")
    message_id = serializers.CharField(
        required=False,
        max_length=255,
        help_text="The same one twice changes nothing: send it to retry safely.",
    )


class _UsageSerializer(serializers.Serializer):
    limit = serializers.CharField(source="name")
    used = serializers.DecimalField(
        max_digits=None, decimal_places=None, allow_null=True, normalize_output=True
    )
    allows = serializers.DecimalField(
        max_digits=None, decimal_places=None, source="amount", normalize_output=True
    )
    percent = serializers.IntegerField(source="share", allow_null=True)
    is_hard = serializers.BooleanField()
    counted_since = serializers.DateField(source="since", allow_null=True)


class _SaidSerializer(serializers.Serializer):
    fact = serializers.ChoiceField(FACTS)
    value = serializers.CharField(allow_null=True)
    valid_from = serializers.DateTimeField()
    received_at = serializers.DateTimeField()
    origin = serializers.CharField()


class _AccountPlanSerializer(serializers.Serializer):
    """A plan as of now; `name` is null for one that the catalogue does not have."""

    account = serializers.CharField()
    plan = serializers.CharField(allow_blank=True)
    name = serializers.CharField(allow_null=True)
    status = serializers.CharField(allow_blank=True)
    trial_start = serializers.DateField(allow_null=True)
    trial_end = serializers.DateField(allow_null=True)
    trial_days_left = serializers.IntegerField(allow_null=True)
    period_start = serializers.DateField(allow_null=True)
    usage = _UsageSerializer(many=True)
    history = _SaidSerializer(many=True)


_PARAMETERS = [OpenApiParameter("key", location="path", description="The account's id (group id).")]


class AccountPlanView(TenantAPIView):
    """The plan of one account, named by its group id."""

    required_scopes = {"GET": "accounts:read", "POST": "accounts:write"}

    @extend_schema(operation_id="account_plan", responses=_AccountPlanSerializer, parameters=_PARAMETERS)
    def get(self, request: Request, key: str) -> Response:
        return self._answer(_account(key))

    @extend_schema(
        operation_id="state_account_plan",
        request=_StatementSerializer,
        responses=_AccountPlanSerializer,
        parameters=_PARAMETERS,
    )
    def post(self, request: Request, key: str) -> Response:
        statement = _StatementSerializer(data=request.data)
        statement.is_valid(raise_exception=True)
        account, now = _account(key), timezone.now()
        given = statement.validated_data
        state_plan(
            account=account,
            said={fact: given[fact] for fact in FACTS if fact in given},
            at=given.get("at") or now,
            message_id=given.get("message_id") or f"api-{uuid4()}",
            zone=queries.get_tenant(self.token.tenant_id).zone,
            by=audit.actor_for(self.token.user) if self.token.user else Actor("API token"),
            now=now,
        )
        return self._answer(account)

    def _answer(self, account: Account) -> Response:
        now = timezone.now()
        today = now.astimezone(queries.get_tenant(self.token.tenant_id).zone).date()
        found = account_plan(account.pk, Q(), now=now, today=today)  # accounts are of the whole company
        return Response(_AccountPlanSerializer(_facts(account, found)).data)


def _account(key: str) -> Account:
    found = Account.objects.filter(key=key).first()
    if found is None:
        raise Http404
    return found


def _facts(account: Account, found: AccountPlan | None) -> dict[str, Any]:
    state = found.state if found else None
    return {
        "account": account.key,
        "plan": state.plan if state else "",
        "name": found.plan.name if found and found.plan else None,
        "status": state.status if state else "",
        "trial_start": state.trial_start if state else None,
        "trial_end": state.trial_end if state else None,
        "trial_days_left": state.days_left if state else None,
        "period_start": state.period_start if state else None,
        "usage": found.usages if found else [],
        "history": found.timeline if found else [],
    }
