"""Stands in for the tenant's own automation: takes our webhooks, checks their signatures, and keeps them in a file."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

from pqlhub.demo.state import load_state
from pqlhub.state import home_folder

LARGEST = 1_000_000


def receiver(port: int, secret: str, log: Path) -> ThreadingHTTPServer:
    """A server on the loopback that answers 200 to what we signed and 401 to everything else."""
    webhook = Webhook(secret)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(min(int(self.headers.get("Content-Length", 0)), LARGEST))
            try:
                event = webhook.verify(body, {name.lower(): value for name, value in self.headers.items()})
            except WebhookVerificationError:
                self.send_error(401, "signature does not match")
                return
            with log.open("a") as file:
                file.write(json.dumps({"id": self.headers["webhook-id"], **event}) + "\n")
            self.send_response(200)
            self.end_headers()

        def log_message(self, *arguments: Any) -> None:
            return None

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


def main() -> None:
    home = home_folder()
    state = load_state(home)
    receiver(state.webhook_port, state.webhook_secret, home / "webhooks.jsonl").serve_forever()


if __name__ == "__main__":
    main()
