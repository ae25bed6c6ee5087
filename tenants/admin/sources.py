"""Where events come from, and the keys that let them in. A key's secret is on one answer and nowhere else."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Max, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from tenants import operations
from tenants.admin.confirming import confirm
from tenants.admin.snippets import snippets
from tenants.admin.source_page import key_lines, usage_panel
from tenants.console import TenantAdmin, actor, page
from tenants.forms import EnvironmentForm, SourceForm, WriteKeyForm
from tenants.models import Source, WriteKey

QUOTA = ["quota_events", "quota_period", "refuses_over_quota"]
LIVE = Q(write_keys__revoked_at__isnull=True)


@admin.register(Source)
class SourceAdmin(TenantAdmin):
    unit_lookup = None
    form = SourceForm
    fieldsets = [
        (None, {"fields": ["name", "kind", "environment", "is_enabled"]}),
        (
            gettext_lazy("What it lets in"),
            {"fields": ["allowed_origins", "events_per_second", *QUOTA]},
        ),
        (gettext_lazy("What of it is stored"), {"fields": ["drops_unlisted", "allowed_fields"]}),
    ]
    list_display = ["name", "kind_name", "in_environment", "is_enabled", "live_keys", "last_used"]
    list_filter = ["kind", "environment", "is_enabled"]
    ordering = ["name"]
    empty_template = "tenants/_no_sources.html"
    actions = None
    actions_detail = ["open_keys", "open_environment"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Source]:
        rows = super().get_queryset(request)
        return rows.annotate(
            key_count=Count("write_keys", filter=LIVE), key_used_at=Max("write_keys__last_used_at")
        )

    @display(description=gettext_lazy("kind"), ordering="kind")
    def kind_name(self, source: Source) -> str:
        return str(source.get_kind_display())

    @display(
        description=gettext_lazy("environment"),
        ordering="environment",
        label={"Staging": "warning", "Development": "warning"},
    )
    def in_environment(self, source: Source) -> str:
        return str(source.get_environment_display())

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["environment"] if obj else []  # changing it marks history again: it has a page that asks

    @display(description=gettext_lazy("live keys"))
    def live_keys(self, source: Any) -> int:
        return int(source.key_count)

    @display(description=gettext_lazy("last used"), empty_value=gettext_lazy("never"))
    def last_used(self, source: Any) -> Any:
        return source.key_used_at

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            self.own_path("<uuid:key>/environment/", self.environment_view, "environment"),
            path("<uuid:key>/keys/", view(self.keys_view), name="tenants_source_keys"),
            self.own_path("<uuid:key>/keys/<uuid:key_id>/waiting/", self.waiting_view, "waiting"),
            path(
                "<uuid:key>/keys/<uuid:key_id>/revoke/",
                view(self.revoke_view),
                name="tenants_source_revoke",
            ),
            *super().get_urls(),
        ]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # events name their source for ever: disable it

    def save_model(self, request: HttpRequest, obj: Source, form: Any, change: bool) -> None:
        by, now = actor(request), timezone.now()
        if change:
            operations.change_source(
                source=obj,
                **_limits(obj),
                name=obj.name,
                kind=obj.kind,
                is_enabled=obj.is_enabled,
                by=by,
                now=now,
            )
            return
        made = operations.create_source(
            name=obj.name, kind=obj.kind, environment=obj.environment, by=by, now=now
        )
        operations.change_source(source=made, **_limits(obj), by=by, now=now)
        obj.pk, obj.created_at = made.pk, made.created_at
        request.first_secret = operations.issue_write_key(source=made, by=by, now=now)[1]  # type: ignore[attr-defined]

    def response_add(self, request: HttpRequest, obj: Source, post_url_continue: Any = None) -> HttpResponse:
        """A new source comes with its first key: what to send and where is on the very next page."""
        return self._keys_page(request, obj, secret=request.first_secret)  # type: ignore[attr-defined]

    @action(description=gettext_lazy("Keys and snippets"), url_path="open-keys", icon="key")
    def open_keys(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect("admin:tenants_source_keys", object_id)

    def keys_view(self, request: HttpRequest, key: Any) -> HttpResponse:
        """The keys of a source. POST makes one, or (with `rotate`) one that another live key makes way for."""
        source = get_object_or_404(Source, pk=key)
        if not self.has_view_permission(request, source):
            raise PermissionDenied
        if request.method != "POST":
            return self._keys_page(request, source)
        if not self.has_change_permission(request, source):
            raise PermissionDenied
        by, now = actor(request), timezone.now()
        form = WriteKeyForm(request.POST)
        try:
            if request.POST.get("rotate"):
                old = self._key_of(source, request.POST["rotate"])
                _key, secret = operations.rotate_write_key(key=old, by=by, now=now)
            elif not form.is_valid():
                raise operations.Refused(
                    " ".join(str(each) for errors in form.errors.values() for each in errors)
                )
            else:
                scopes, ends_at = form.cleaned_data["scopes"], form.ends_at(now)
                _key, secret = operations.issue_write_key(
                    source=source, scopes=scopes, expires_at=ends_at, by=by, now=now
                )
        except operations.Refused as refusal:
            messages.error(request, str(refusal))
            return redirect("admin:tenants_source_keys", source.pk)
        return self._keys_page(request, source, secret=secret)

    @action(description=gettext_lazy("Change environment"), url_path="open-environment", icon="alt_route")
    def open_environment(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect("admin:tenants_source_environment", object_id)

    def environment_view(self, request: HttpRequest, key: Any) -> HttpResponse:
        """GET says what moving the source into production or out of it does; POST moves it."""
        source = get_object_or_404(Source, pk=key)
        if not self.has_change_permission(request, source):
            raise PermissionDenied
        form = EnvironmentForm(request.POST or None, initial={"environment": source.environment})
        if request.method == "POST" and form.is_valid():
            wanted = form.cleaned_data["environment"]
            moved = operations.change_environment(
                source=source, environment=wanted, by=actor(request), now=timezone.now()
            )
            said = {"source": moved, "environment": moved.get_environment_display()}
            messages.success(request, _("%(source)s is %(environment)s now.") % said)
            return redirect("admin:tenants_source_change", source.pk)
        content = {
            "title": _("Environment of %(source)s") % {"source": source},
            "source": source,
            "form": form,
            "original": source,
            "opts": self.opts,
        }
        return page(request, "tenants/environment.html", content, status=422 if form.errors else 200)

    def revoke_view(self, request: HttpRequest, key: Any, key_id: Any) -> HttpResponse:
        source = get_object_or_404(Source, pk=key)
        if not self.has_change_permission(request, source):
            raise PermissionDenied
        write_key = self._key_of(source, key_id)
        return confirm(
            request,
            title=_("Revoke this key?"),
            question=_("Whatever sends with %(key)s gets 401 within a minute, and its events are lost.")
            % {"key": write_key},
            button=_("Revoke"),
            back=reverse("admin:tenants_source_keys", args=[source.pk]),
            do=lambda: operations.revoke_write_key(key=write_key, by=actor(request), now=timezone.now()),
            done=_("%(key)s is revoked.") % {"key": write_key},
        )

    def waiting_view(self, request: HttpRequest, key: Any, key_id: Any) -> HttpResponse:
        """The part of a page that waits for the first event with a key."""
        source = get_object_or_404(Source, pk=key)
        if not self.has_view_permission(request, source):
            raise PermissionDenied
        content = {"source": source, "key": self._key_of(source, key_id)}
        return render(request, "tenants/_waiting.html", content)

    def _key_of(self, source: Source, key_id: Any) -> WriteKey:
        for key in WriteKey.objects.filter(source=source).select_related("source"):
            if str(key.pk) == str(key_id):
                return key
        raise Http404

    def _keys_page(self, request: HttpRequest, source: Source, *, secret: str = "") -> HttpResponse:
        now = timezone.now()
        keys = list(WriteKey.objects.filter(source=source).order_by("-created_at"))
        live = [key for key in keys if key.is_live(now)]
        content = {
            "title": _("Keys of %(source)s") % {"source": source},
            "source": source,
            "secret": secret,
            "watched": live[0] if live and not any(key.last_used_at for key in live) else None,
            "snippets": snippets(secret=secret, host=request.build_absolute_uri("/").rstrip("/")),
            "live": key_lines(live, now),
            "key_form": WriteKeyForm(),
            "sent": usage_panel(source, now),
            "dead": [key for key in keys if key not in live],
            "may_change": self.has_change_permission(request, source),
            "has_room": len(live) < 2,
        }
        # Admin views are never cached: the secret is not kept.
        return page(request, "tenants/keys.html", content)


def _limits(source: Source) -> dict[str, Any]:
    return {
        "allowed_origins": source.allowed_origins,
        "events_per_second": source.events_per_second,
        "quota_events": source.quota_events,
        "quota_period": source.quota_period,
        "refuses_over_quota": source.refuses_over_quota,
        "drops_unlisted": source.drops_unlisted,
        "allowed_fields": source.allowed_fields,
    }
