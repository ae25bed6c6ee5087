"""Addresses of the ingestion API. Each works with and without a trailing slash, and none ever redirects."""

from django.urls import path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from ingestion.api.jitsu import JitsuBatchView, JitsuView
from ingestion.api.pixel import PixelView, QueryPixelView
from ingestion.api.plans import AccountPlanView
from ingestion.api.posthog import FlagsView, PostHogResultsView, PostHogView, RemoteConfigView
from ingestion.api.rudder import MergeView, SourceConfigView
from ingestion.api.schema import CLOUD_EVENTS, DOCUMENTED
from ingestion.api.snippet import JITSU, POSTHOG, PieceView, ScriptView, SnippetView
from ingestion.api.traits import AccountTraitsView, PersonTraitsView
from ingestion.api.views import EventView, MetricsView, SettingsView, unknown_address

SHORT = {"b": "batch", "import": "batch", "t": "track", "i": "identify", "g": "group"}
SHORT |= {"p": "page", "s": "screen", "a": "alias"}

traits = [
    re_path(
        r"^api/v1/accounts/(?P<key>.+)/traits/?$", AccountTraitsView.as_view(), name="api_account_traits"
    ),
    re_path(r"^api/v1/persons/(?P<key>.+)/traits/?$", PersonTraitsView.as_view(), name="api_person_traits"),
]
documented = [path(f"v1/{name}", view.as_view()) for name, view in DOCUMENTED.items()]
other_spellings = [path(f"v1/{name}/", view.as_view(schema=None)) for name, view in DOCUMENTED.items()]
for short, name in SHORT.items():
    handler = EventView.as_view(schema=None, type=DOCUMENTED[name].type)
    other_spellings += [path(f"v1/{short}", handler), path(f"v1/{short}/", handler)]

capture, flags = PostHogView.as_view(schema=None), FlagsView.as_view(schema=None)
posthog = [re_path(rf"^{name}/?$", capture) for name in ("batch", "capture", "e", "i/v0/e")]
posthog += [re_path(rf"^{name}/?$", flags) for name in ("flags", "decide")]
posthog += [
    re_path(r"^i/v1/analytics/events/?$", PostHogResultsView.as_view(schema=None)),
    path("static/array.js", ScriptView.as_view(schema=None, file=POSTHOG)),
    re_path(r"^array/(?P<key>[^/]+)/config/?$", RemoteConfigView.as_view(schema=None)),
]

cloud_events = [
    path("v1/cloudevents", CLOUD_EVENTS.as_view()),
    path("v1/cloudevents/", CLOUD_EVENTS.as_view(schema=None)),
]

# Other families of SDKs, where each expects us. Not in the documented schema.
TYPE = r"(?P<kind>track|identify|group|page|screen|alias)"
segment = [
    re_path(rf"^v1/pixel/{TYPE}/?$", PixelView.as_view(schema=None)),
    path("analytics.js/v1/<str:key>/analytics.min.js", SnippetView.as_view(schema=None)),
    path("analytics-next/bundles/<str:name>", PieceView.as_view(schema=None)),
]
rudder = [
    re_path(r"^beacon/v1/batch/?$", EventView.as_view(schema=None)),
    re_path(rf"^pixel/v1/{TYPE}/?$", QueryPixelView.as_view(schema=None)),
    re_path(r"^sourceConfig/?$", SourceConfigView.as_view(schema=None)),
    re_path(r"^v1/merge/?$", MergeView.as_view(schema=None)),
]
jitsu = [
    path("p.js", ScriptView.as_view(schema=None, file=JITSU)),
    re_path(r"^api/s/s2s/batch/?$", JitsuBatchView.as_view(schema=None)),
    re_path(r"^api/s/(?:s2s/)?(?P<kind>[a-z]+)/?$", JitsuView.as_view(schema=None)),
]

urlpatterns = [
    *documented,
    *traits,
    *cloud_events,
    *other_spellings,
    *posthog,
    *segment,
    *rudder,
    *jitsu,
    re_path(r"^(?:api/s|beacon|pixel|sourceConfig|analytics\.js|analytics-next)(?:/|$)", unknown_address),
    re_path(r"^(?:v1/)?projects/(?P<key>[^/]+)/settings/?$", SettingsView.as_view(schema=None)),
    re_path(r"^v1/m/?$", MetricsView.as_view(schema=None)),
    # Also what other senders' SDKs ask for and we do not have: never the console's log-in.
    re_path(r"^(?:v1|batch|capture|track|e|i|s|flags|decide|array)(?:/|$)", unknown_address),
    re_path(r"^api/(?:surveys|web_experiments|product_tours|feature_flag)(?:/|$)", unknown_address),
    re_path(r"^api/v1/accounts/(?P<key>.+)/plan/?$", AccountPlanView.as_view(), name="api_account_plan"),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="api-docs"),
]
