"""A real HTTP receiver on this machine that remembers what it got and answers as told."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Reply:
    status: int = 200
    body: bytes = b"ok"
    headers: dict[str, str] = field(default_factory=dict)
    seconds_between_bytes: float = 0


@dataclass(frozen=True)
class Received:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """`reply` may be changed at any time; `effects` counts webhook-ids as a receiver that drops repeats would."""

    url: str
    reply: Reply | Callable[[Received], Reply] = Reply()
    received: list[Received] = field(default_factory=list)

    @property
    def effects(self) -> Counter[str]:
        return Counter(request.headers["webhook-id"] for request in self.received)


@contextmanager
def receiver() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            request = Received(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            box.received.append(request)
            reply = box.reply(request) if callable(box.reply) else box.reply
            try:
                self.answer(reply)
            except OSError:
                self.close_connection = True  # the caller hung up, as it may

        def answer(self, reply: Reply) -> None:
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            if not reply.seconds_between_bytes:
                self.wfile.write(reply.body)
            for byte in reply.body if reply.seconds_between_bytes else b"":
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(reply.seconds_between_bytes)

        def log_message(self, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    box = Receiver(url=f"http://127.0.0.1:{server.server_address[1]}/hook")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield box
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
