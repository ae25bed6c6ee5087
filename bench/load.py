"""A load generator that costs little itself: prepared bodies, keep-alive connections, a few threads."""

import http.client
import threading
import time
from base64 import b64encode
from collections.abc import Sequence


def post_all(port: int, path: str, bodies: Sequence[bytes], key: str, threads: int = 4) -> float:
    """Post every body once over `threads` connections. Returns seconds. Raises RuntimeError at an answer but 200."""
    headers = {
        "Authorization": "Basic " + b64encode(f"{key}:".encode()).decode(),
        "Content-Type": "application/json",
    }
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
