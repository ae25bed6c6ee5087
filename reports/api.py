"""The figures of the reports over REST."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from reports import reports
from reports.forms import CUSTOM, PRESETS, WINDOWS, FilterForm
from reports.reports import Question, Report
from reports.stats import Grain
from tenants import queries
from tenants.api import TenantAPIView
from tenants.models import BusinessUnit

NAMES = [name for name in reports.REPORTS if name != "overview"]


class _FigureSerializer(serializers.Serializer):
    label = serializers.CharField()
    value = serializers.CharField(
        help_text="As people read it; “Cannot say yet” where there is too little data."
    )
    note = serializers.CharField()


class _PeriodSerializer(serializers.Serializer):
    start = serializers.DateTimeField()
    end = serializers.DateTimeField(help_text="Exclusive.")
    cohorts = serializers.ChoiceField([grain.value for grain in Grain])


class _ReportSerializer(serializers.Serializer):
    """A report's headline figures, and its numbers row by row. A rate is null below 20 finished cases."""

    report = serializers.ChoiceField(NAMES)
    as_of = serializers.DateTimeField()
    definition = serializers.UUIDField(allow_null=True)
    period = _PeriodSerializer()
    figures = _FigureSerializer(many=True)
    notes = serializers.ListField(child=serializers.CharField())
    rows = serializers.ListField(child=serializers.DictField())


class ReportView(TenantAPIView):
    """One report. Held-out leads are counted only for a personal token of somebody who may see them."""

    required_scopes = {"GET": "reports:read"}

    @extend_schema(
        operation_id="report",
        responses=_ReportSerializer,
        parameters=[
            OpenApiParameter("name", location="path", enum=NAMES),
            OpenApiParameter(
                "definition",
                OpenApiTypes.UUID,
                description="Key of a definition; without it the first one, or all.",
            ),
            OpenApiParameter(
                "unit", OpenApiTypes.UUID, description="Key of a business unit: it and everything below it."
            ),
            OpenApiParameter("band", description="The band in which a PQL entered."),
            OpenApiParameter("period", enum=[*PRESETS, CUSTOM]),
            OpenApiParameter("first", OpenApiTypes.DATE, description="First day of a custom period."),
            OpenApiParameter("last", OpenApiTypes.DATE, description="Last day of a custom period."),
            OpenApiParameter("grain", enum=[grain.value for grain in Grain]),
            OpenApiParameter("window", int, enum=WINDOWS, description="Days of the PQL rate."),
        ],
    )
    def get(self, request: Request, name: str) -> Response:
        if name not in NAMES:
            raise Http404
        form = FilterForm(
            request.query_params,
            visible=self.visible("business_unit__path"),
            units=BusinessUnit.objects.filter(self.visible("path")),
            sees_held_out=self.access is not None and self.access.sees_held_out,
            zone=queries.get_tenant(self.token.tenant_id).zone,
            now=timezone.now(),
            about_one=name in reports.ABOUT_ONE,
        )
        if not form.is_valid():
            raise ValidationError(form.errors.as_data())
        question = form.question()
        return Response(_ReportSerializer(_facts(name, question, reports.REPORTS[name](question))).data)


def _facts(name: str, question: Question, report: Report) -> dict[str, Any]:
    header, *rows = report.sheet or [[]]
    notes = [*report.notes, *([report.empty.text] if report.empty else [])]
    cohorts = question.cohorts
    return {
        "report": name,
        "as_of": question.now,
        "definition": question.definition.pk if question.definition else None,
        "period": {"start": cohorts.start, "end": cohorts.end, "cohorts": cohorts.grain.value},
        "figures": report.figures,
        "notes": notes,
        "rows": [dict(zip(header, row, strict=True)) for row in rows],
    }
