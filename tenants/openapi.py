"""What our OpenAPI description says beyond what views say themselves: bodies are needed, and how REST calls refuse."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers

from tenants.authentication import ApiTokenAuthentication


class RefusalSerializer(serializers.Serializer):
    """Why a REST call is refused."""

    code = serializers.CharField(help_text="Stable, for programs.")
    message = serializers.CharField(help_text="What to do.")
    fields = serializers.DictField(required=False, help_text="For wrong input: what is wrong, by field.")  # type: ignore[assignment]


REFUSALS = {
    "400": OpenApiResponse(RefusalSerializer, "Some input is wrong; `fields` says which."),
    "401": OpenApiResponse(RefusalSerializer, "The API token is missing, unknown, expired or revoked."),
    "403": OpenApiResponse(RefusalSerializer, "The token's scopes or its person's role do not allow this."),
    "404": OpenApiResponse(RefusalSerializer, "There is no such thing, or this token may not see it."),
    "409": OpenApiResponse(RefusalSerializer, "It cannot be done as things are; the message says why."),
}


class CallSchema(AutoSchema):  # type: ignore[no-untyped-call]
    """Settings name it as the schema of every view."""

    def _get_request_body(self, direction: Any = "request") -> Any:
        body = super()._get_request_body(direction)
        return body and {**body, "required": True}

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        answers = super()._get_response_bodies(direction)
        if ApiTokenAuthentication not in self.view.authentication_classes:
            return answers
        refusals = {
            code: self._get_response_for_code(refusal, code, direction=direction)
            for code, refusal in REFUSALS.items()
            if self._may_refuse(code)
        }
        return refusals | answers

    def _may_refuse(self, code: str) -> bool:
        """Whether this call can answer so: wrong input needs some, and only what changes things can be refused."""
        changes = self.method != "GET"
        if code == "400":
            return changes or any(each["in"] == "query" for each in self._get_parameters())
        return {"404": "{" in self.path, "409": changes}.get(code, True)
