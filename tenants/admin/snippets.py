"""Ready programs that send a first event, as the guide "Send events" has them and a test runs them."""

from dataclasses import dataclass

from django.utils.translation import gettext as _


@dataclass(frozen=True)
class Snippet:
    key: str
    title: str
    code: str


CURL = """\
curl HOST/v1/track -u KEY: -H 'Content-Type: application/json' \\
  -d '{"userId": "u-1", "event": "Signed Up", "properties": {"plan": "trial"}}'"""

SEGMENT_PYTHON = """\
# pip install segment-analytics-python
import segment.analytics as analytics

analytics.write_key = "KEY"
analytics.host = "HOST"
analytics.group("u-1", "acme", {"name": "Acme", "employees": 120})
analytics.track("u-1", "Signed Up", {"plan": "trial"}, context={"groupId": "acme"})
analytics.flush()"""

SEGMENT_NODE = """\
// npm install @segment/analytics-node
import { Analytics } from "@segment/analytics-node";

const analytics = new Analytics({ writeKey: "KEY", host: "HOST" });
analytics.group({ userId: "u-1", groupId: "acme", traits: { name: "Acme", employees: 120 } });
analytics.track({ userId: "u-1", event: "Signed Up", properties: { plan: "trial" }, context: { groupId: "acme" } });
await analytics.closeAndFlush();"""

BROWSER = """\
<script>
  const analytics = (window.analytics = []);
  for (const call of ["identify", "group", "track", "page", "alias", "reset", "ready", "on", "trackLink", "trackForm"])
    analytics[call] = (...values) => analytics.push([call, ...values]);
  Object.assign(analytics, { _writeKey: "KEY", _cdn: "HOST", invoked: true });
  const script = Object.assign(document.createElement("script"), { src: "HOST/analytics.js/v1/KEY/analytics.min.js" });
  script.setAttribute("data-global-segment-analytics-key", "analytics");
  document.head.append(script);
  analytics.identify("u-1", { email: "ada@acme.example" });
  analytics.track("Signed Up", { plan: "trial" }, { context: { groupId: "acme" } });
</script>"""

RUDDERSTACK_PYTHON = """\
# pip install rudder-sdk-python
from rudderstack.analytics.client import Client

analytics = Client("KEY", host="HOST")
analytics.group("u-1", "acme", {"name": "Acme", "employees": 120})
analytics.track("u-1", "Signed Up", {"plan": "trial"}, context={"groupId": "acme"})
analytics.shutdown()"""

RUDDERSTACK_NODE = """\
// npm install @rudderstack/rudder-sdk-node
import RudderAnalytics from "@rudderstack/rudder-sdk-node";

const analytics = new RudderAnalytics("KEY", { dataPlaneUrl: "HOST" });
analytics.group({ userId: "u-1", groupId: "acme", traits: { name: "Acme", employees: 120 } });
analytics.track({ userId: "u-1", event: "Signed Up", properties: { plan: "trial" }, context: { groupId: "acme" } });
await analytics.flush();"""

POSTHOG_PYTHON = """\
# pip install posthog
from posthog import Posthog

posthog = Posthog("KEY", host="HOST")
posthog.group_identify("company", "acme", {"name": "Acme", "employees": 120})
posthog.capture("Signed Up", distinct_id="u-1", properties={"plan": "trial"}, groups={"company": "acme"})
posthog.shutdown()"""

POSTHOG_NODE = """\
// npm install posthog-node
import { PostHog } from "posthog-node";

const posthog = new PostHog("KEY", { host: "HOST" });
posthog.groupIdentify({ groupType: "company", groupKey: "acme", properties: { name: "Acme", employees: 120 } });
posthog.capture({ distinctId: "u-1", event: "Signed Up", properties: { plan: "trial" }, groups: { company: "acme" } });
await posthog.shutdown();"""

POSTHOG_BROWSER = """\
// npm install posthog-js
import posthog from "posthog-js";

posthog.init("KEY", { api_host: "HOST" });
posthog.identify("u-1", { email: "ada@acme.example" });
posthog.group("company", "acme", { name: "Acme", employees: 120 });
posthog.capture("Signed Up", { plan: "trial" });"""


def snippets(*, secret: str, host: str) -> list[Snippet]:
    """`host` is the address of this installation, with its scheme and without a slash at the end."""
    programs = [
        ("curl", "curl", CURL),
        ("segment-python", _("Segment, Python"), SEGMENT_PYTHON),
        ("segment-node", _("Segment, Node.js"), SEGMENT_NODE),
        ("browser", _("A website"), BROWSER),
        ("rudderstack-python", _("RudderStack, Python"), RUDDERSTACK_PYTHON),
        ("rudderstack-node", _("RudderStack, Node.js"), RUDDERSTACK_NODE),
        ("posthog-python", _("PostHog, Python"), POSTHOG_PYTHON),
        ("posthog-node", _("PostHog, Node.js"), POSTHOG_NODE),
        ("posthog-browser", _("PostHog, a website"), POSTHOG_BROWSER),
    ]
    return [
        Snippet(key, title, code.replace("HOST", host).replace("KEY", secret))
        for key, title, code in programs
    ]
