"""One POST or GET to an address a tenant chose, without letting them reach ours.

Made on httpcore (what httpx is built on), because there the connection itself can be guarded: the name is resolved
once, every address it has must be public, and the connection goes to the very address that was checked, with the
name kept for Host and TLS. No redirects, no proxies from the environment, no cookies: httpcore knows none of them.
"""

import socket
import ssl
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import httpcore

from tenants.rules.addresses import is_public, problem_with_url

CONNECT_SECONDS, READ_SECONDS, TOTAL_SECONDS = 5.0, 15.0, 20.0
LARGEST_ANSWER, KEPT_OF_ANSWER = 64 * 1024, 4 * 1024


class Refused(Exception):
    """We will not connect there, or not take what comes."""


@dataclass(frozen=True)
class Answer:
    """What came back. status None: nothing did, and `error` says why."""

    status: int | None
    body: str
    error: str
    retry_after: str
    duration_ms: int

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True)
class _Call:
    """What is asked, and how much of the answer is read and kept. With `refuses_more` a longer one is an error."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes | None
    largest: int
    kept: int
    refuses_more: bool


def post(
    *,
    url: str,
    headers: dict[str, str],
    body: bytes,
    allow_private: bool,
    total_seconds: float = TOTAL_SECONDS,
    ssl_context: ssl.SSLContext | None = None,
) -> Answer:
    """Send `body` and read at most 64 KB of the answer, all within `total_seconds`. Never raises for what the other
    side does: that is an Answer."""
    call = _Call("POST", url, headers, body, LARGEST_ANSWER, KEPT_OF_ANSWER, refuses_more=False)
    return _send(call, allow_private, total_seconds, ssl_context)


def ask(
    *,
    url: str,
    headers: dict[str, str],
    body: bytes | None = None,
    allow_private: bool,
    largest: int,
    total_seconds: float = TOTAL_SECONDS,
) -> Answer:
    """GET, or with a body POST: the whole answer, or an error when it has more than `largest` bytes: half a document
    says nothing. As post in all else."""
    call = _Call("GET" if body is None else "POST", url, headers, body, largest, largest, refuses_more=True)
    return _send(call, allow_private, total_seconds, ssl_context=None)


def _send(
    call: _Call, allow_private: bool, total_seconds: float, ssl_context: ssl.SSLContext | None
) -> Answer:
    started = time.monotonic()
    status, text, retry_after, error = None, "", "", ""
    try:
        if problem := problem_with_url(call.url, allow_private=allow_private):
            raise Refused(f"The URL is not allowed ({problem}).")
        backend = _GuardedBackend(deadline=started + total_seconds, allow_private=allow_private)
        with httpcore.ConnectionPool(ssl_context=ssl_context, network_backend=backend) as pool:
            status, retry_after, text = _exchange(pool, call)
    except Refused as refusal:
        error = str(refusal)
    except httpcore.TimeoutException:
        error = "Timed out."
    except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as failure:
        error = str(failure) or type(failure).__name__
    return Answer(status, text, error[:200], retry_after, round((time.monotonic() - started) * 1000))


def _exchange(pool: httpcore.ConnectionPool, call: _Call) -> tuple[int, str, str]:
    timeouts = {
        "connect": CONNECT_SECONDS,
        "read": READ_SECONDS,
        "write": READ_SECONDS,
        "pool": CONNECT_SECONDS,
    }
    with pool.stream(
        call.method,
        call.url,
        headers=list(call.headers.items()),
        content=call.body,
        extensions={"timeout": timeouts},
    ) as response:
        kept, size = bytearray(), 0
        for chunk in response.iter_stream():
            kept += chunk[: call.kept - len(kept)]
            size += len(chunk)
            if size > call.largest and call.refuses_more:
                raise Refused(f"The answer is larger than {call.largest // 1024} KB.")
            if size >= call.largest and not call.refuses_more:
                break
        answered = {name.lower(): value for name, value in response.headers}
        retry_after = answered.get(b"retry-after", b"").decode("latin-1")[:100]
        # PostgreSQL's text knows no NUL.
        return (
            response.status,
            retry_after,
            bytes(kept).decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}"),
        )


class _GuardedBackend(httpcore.SyncBackend):
    """Connects to checked addresses only, and cuts every wait at the deadline."""

    def __init__(self, *, deadline: float, allow_private: bool) -> None:
        self.deadline = deadline
        self.allow_private = allow_private

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        address = self._checked_address(host, port)
        wait = _time_left(self.deadline, timeout)
        stream = super().connect_tcp(address, port, wait, local_address, socket_options)
        return _BoundedStream(stream, self.deadline)

    def _checked_address(self, host: str, port: int) -> str:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (socket.gaierror, UnicodeError) as error:
            raise Refused(f"The name {host} cannot be resolved.") from error
        addresses = [str(entry[4][0]) for entry in found]
        for address in addresses:
            if not self.allow_private and not is_public(address):
                raise Refused(f"{host} is {address}, which is not a public address.")
        return addresses[0]


class _BoundedStream(httpcore.NetworkStream):
    """A stream whose every wait ends at the deadline: a server that trickles bytes cannot hold a worker."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self.stream = stream
        self.deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.stream.read(max_bytes, _time_left(self.deadline, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.stream.write(buffer, _time_left(self.deadline, timeout))

    def close(self) -> None:
        self.stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        wait = _time_left(self.deadline, timeout)
        return _BoundedStream(self.stream.start_tls(ssl_context, server_hostname, wait), self.deadline)

    def get_extra_info(self, info: str) -> Any:
        return self.stream.get_extra_info(info)


def _time_left(deadline: float, timeout: float | None) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("The total time is up.")
    return left if timeout is None else min(left, timeout)
