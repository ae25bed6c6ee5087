"""A proxy before the live server that behaves like a bad network or an overloaded front, for its first few posts."""

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SLOW_SECONDS = 2.5
FAULTS = {
    "none": [],
    "refused": ["refuse", "refuse"],
    "answered too late": ["late"],
    "cut after storing": ["cut", "cut"],
}

PASSED_HEADERS = {
    "content-type",
    "content-encoding",
    "retry-after",
    "access-control-allow-origin",
    "access-control-allow-methods",
    "access-control-allow-headers",
    "access-control-expose-headers",
    "access-control-max-age",
}
REFUSED = {
    "Content-Type": "application/json",
    "Retry-After": "1",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Retry-After",
}


class FaultyProxy(ThreadingHTTPServer):
    """Does to the n-th POST what the n-th entry of `plan` says, and passes the rest on."""

    daemon_threads = True

    def __init__(self, target_port: int, plan: list[str]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target_port = target_port
        self.plan = list(plan)
        self.lock = threading.Lock()
        self.posts = 0

    def next_fault(self) -> str:
        with self.lock:
            self.posts += 1
            return self.plan.pop(0) if self.plan else "pass"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FaultyProxy

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        fault = self.server.next_fault()
        if fault == "refuse":
            self._answer(503, b'{"success": false, "code": "unavailable", "message": "later"}', REFUSED)
            return
        answer = self._pass_on(body)
        if fault == "late":
            time.sleep(SLOW_SECONDS)
        if fault == "cut":
            self.close_connection = True
            self.connection.close()
            return
        self._answer(*answer)

    def do_GET(self) -> None:
        self._answer(*self._pass_on(b""))

    do_OPTIONS = do_GET

    def _pass_on(self, body: bytes) -> tuple[int, bytes, dict[str, str]]:
        target = http.client.HTTPConnection("127.0.0.1", self.server.target_port, timeout=30)
        headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
        target.request(self.command, self.path, body, headers)
        response = target.getresponse()
        content = response.read()
        target.close()
        kept = {name: value for name, value in response.headers.items() if name.lower() in PASSED_HEADERS}
        return response.status, content, kept

    def _answer(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        try:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        except OSError:  # the client did not wait
            self.close_connection = True

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def faulty_proxy(target_port: int, plan: list[str]) -> Iterator[tuple[str, FaultyProxy]]:
    """Yields its URL and itself."""
    proxy = FaultyProxy(target_port, plan)
    thread = threading.Thread(target=proxy.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{proxy.server_address[1]}", proxy
    finally:
        proxy.shutdown()
        proxy.server_close()
        thread.join()
