"""Traits of an account or a person by REST, told by hand or by another system."""

from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ingestion import operations
from ingestion.queries.showing import glass
from ingestion.queries.told import ToldTrait
from ingestion.rules.precedence import BY_WORD
from tenants import audit
from tenants.api import TenantAPIView
from tenants.models import BusinessUnit

MOST_TRAITS = 200
ORIGINS = [word for word in BY_WORD if word != "product"]


class _TraitsSerializer(serializers.Serializer):
    """What to remember. A trait that is not named stays as it is; null says that it is known to be nothing."""

    traits = serializers.DictField(child=serializers.JSONField(allow_null=True), allow_empty=False)
    origin = serializers.ChoiceField(ORIGINS, default="manual", help_text="Who says so.")
    at = serializers.DateTimeField(required=False, help_text="Since when it holds; without it, from now on.")

    def validate_traits(self, traits: dict[str, Any]) -> dict[str, Any]:
        if len(traits) > MOST_TRAITS:
            raise serializers.ValidationError(_("Send at most %s traits at a time.") % MOST_TRAITS)
        if wrong := [name for name in traits if not name.strip() or len(name) > 255]:
            raise serializers.ValidationError(_("“%s” is no name of a trait.") % wrong[0][:40])
        return traits

    def validate_at(self, at: datetime) -> datetime:
        if at > timezone.now():
            raise serializers.ValidationError(_("This lies in the future."))
        return at


class _WordSerializer(serializers.Serializer):
    value = serializers.JSONField(allow_null=True)
    origin = serializers.CharField(source="said_by")
    since = serializers.DateTimeField()


class _ToldSerializer(serializers.Serializer):
    """The word that holds, and what other origins say."""

    name = serializers.CharField()
    holds = _WordSerializer(allow_null=True)
    others = _WordSerializer(many=True)


class _AnswerSerializer(serializers.Serializer):
    traits = _ToldSerializer(many=True)


class _TraitsView(TenantAPIView):
    required_scopes = {"PUT": "traits:write"}
    about: str

    def put(self, request: Request, key: str) -> Response:
        if not self.allows(BusinessUnit.objects.get(parent=None).path):
            raise PermissionDenied(
                _("Persons and accounts belong to the whole company: use a token of its topmost unit.")
            )
        sent = _TraitsSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        now = timezone.now()
        told: list[ToldTrait] = operations.tell_traits(
            about=self.about,
            key=key,
            traits=sent.validated_data["traits"],
            origin=BY_WORD[sent.validated_data["origin"]],
            at=sent.validated_data.get("at", now),
            by=audit.actor_for(self.token.user)
            if self.token.user
            else audit.Actor(f"token {self.token.prefix}"),
            now=now,
        )
        seen = glass()
        shown = [seen.trait(trait, of_person=self.about == "person") for trait in told]
        return Response(_AnswerSerializer({"traits": shown}).data)


def _described(what: str, operation: str) -> Any:
    return extend_schema(
        operation_id=operation,
        request=_TraitsSerializer,
        responses=_AnswerSerializer,
        parameters=[OpenApiParameter("key", location="path", description=what)],
    )


class AccountTraitsView(_TraitsView):
    """Tell traits of an account; an unknown one is made."""

    about = "account"

    @_described("The account's id in your product (its group id).", "put_account_traits")
    def put(self, request: Request, key: str) -> Response:
        return super().put(request, key)


class PersonTraitsView(_TraitsView):
    """Tell traits of a person; an unknown one is made."""

    about = "person"

    @_described("The person's user id in your product.", "put_person_traits")
    def put(self, request: Request, key: str) -> Response:
        return super().put(request, key)
