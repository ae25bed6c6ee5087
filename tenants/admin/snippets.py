"""Ready programs that send a first event: the real host and key filled in."""

from dataclasses import dataclass

from django.utils.translation import gettext as _


@dataclass(frozen=True)
class Snippet:
    key: str
    title: str
    code: str


CURL = """curl {host}/v1/track \\
  -H 'Content-Type: application/json' \\
  -u {secret}: \\
  -d '{{"userId": "u-1", "event": "Signed up", "properties": {{"plan": "trial"}}}}'"""

PYTHON = """# pip install segment-analytics-python
import segment.analytics as analytics

analytics.write_key = "{secret}"
analytics.host = "{host}"
analytics.track("u-1", "Signed up", {{"plan": "trial"}})
analytics.group("u-1", "acme-inc", {{"name": "Acme Inc.", "employees": 120}})
analytics.flush()"""

NODE = """// npm install @segment/analytics-node
import {{ Analytics }} from "@segment/analytics-node";

const analytics = new Analytics({{ writeKey: "{secret}", host: "{host}" }});
analytics.track({{ userId: "u-1", event: "Signed up", properties: {{ plan: "trial" }} }});
analytics.group({{ userId: "u-1", groupId: "acme-inc", traits: {{ name: "Acme Inc." }} }});
await analytics.closeAndFlush();"""

BROWSER = """// npm install @segment/analytics-next
import {{ AnalyticsBrowser }} from "@segment/analytics-next";

const settings = {{
  integrations: {{ "Segment.io": {{ apiKey: "{secret}", apiHost: "{host_name}/v1", protocol: "{scheme}" }} }},
}};
const analytics = AnalyticsBrowser.load({{ writeKey: "{secret}", cdnSettings: settings }});
analytics.identify("u-1", {{ email: "ada@acme.test" }});
analytics.track("Signed up", {{ plan: "trial" }});"""


def snippets(*, secret: str, host: str) -> list[Snippet]:
    """`host` is the address of this installation, with its scheme and without a slash at the end."""
    scheme, _separator, host_name = host.partition("://")
    values = {"secret": secret, "host": host, "host_name": host_name, "scheme": scheme}
    return [
        Snippet("curl", "curl", CURL.format(**values)),
        Snippet("python", "Python", PYTHON.format(**values)),
        Snippet("node", "Node.js", NODE.format(**values)),
        Snippet("browser", _("Browser"), BROWSER.format(**values)),
    ]
