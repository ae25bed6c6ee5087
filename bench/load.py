"""A load generator that costs little itself: prepared bodies, keep-alive connections, a few threads."""

import http.client
import threading
import time
from base64 import b64encode
from collections.abc import Sequence


def post_all(port: int, path: str, bodies: Sequence[bytes], key: str, threads: int = 4) -> float:
    """Post every body once over `threads` connections. Returns seconds. Raises RuntimeError at an answer but 200."""
    headers = _headers(key)
    failures: list[str] = []

    def work(mine: Sequence[bytes]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for body in mine:
            connection.request("POST", path, body, headers)
            response = connection.getresponse()
            answer = response.read()
            if response.status != 200:
                failures.append(f"{response.status} {answer[:200]!r}")
                return
        connection.close()

    workers = [threading.Thread(target=work, args=(bodies[index::threads],)) for index in range(threads)]
    began = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    seconds = time.perf_counter() - began
    if failures:
        raise RuntimeError(f"{path}: {failures[0]}")
    return seconds


def post_timed(port: int, path: str, bodies: Sequence[bytes], key: str) -> list[float]:
    """Post one body after the other over one connection. Returns the seconds each waited for its answer. Raises
    RuntimeError at an answer but 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    waits = []
    for body in bodies:
        began = time.perf_counter()
        connection.request("POST", path, body, _headers(key))
        response = connection.getresponse()
        answer = response.read()
        waits.append(time.perf_counter() - began)
        if response.status != 200:
            raise RuntimeError(f"{path}: {response.status} {answer[:200]!r}")
    connection.close()
    return waits


def _headers(key: str) -> dict[str, str]:
    return {
        "Authorization": "Basic " + b64encode(f"{key}:".encode()).decode(),
        "Content-Type": "application/json",
    }
