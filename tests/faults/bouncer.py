"""A real PgBouncer in transaction mode in front of a server, as in docker-compose.yml."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from tests.live import free_port

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
CONFIGURATION = """
[databases]
{database} = host={host} port={port} dbname={database}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen_port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {folder}/users
pool_mode = transaction
default_pool_size = {pool_size}
max_client_conn = 400
"""


@contextmanager
def pgbouncer(app_url: str, *, pool_size: int) -> Iterator[str]:
    """Answers the URL of the app role through the bouncer, whose clients share `pool_size` server connections."""
    direct, listen_port = urlsplit(app_url), free_port()
    folder = Path(tempfile.mkdtemp(prefix="pgbouncer-"))
    folder.chmod(0o755)  # it reads its files as another user
    configuration, users = folder / "pgbouncer.ini", folder / "users"
    configuration.write_text(
        CONFIGURATION.format(
            database=direct.path[1:],
            host=direct.hostname,
            port=direct.port,
            listen_port=listen_port,
            folder=folder,
            pool_size=pool_size,
        )
    )
    users.write_text(f'"{direct.username}" "{direct.password}"\n')
    for file in (configuration, users):
        file.chmod(0o644)
    account = ["-u", "nobody"] if os.geteuid() == 0 else []  # it refuses to run as root
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [PROGRAM, *account, str(configuration)], stdout=log, stderr=subprocess.STDOUT, cwd="/"
        )
    try:
        _wait_until_up(listen_port, process, folder / "log")
        yield direct._replace(netloc=f"{direct.username}:{direct.password}@127.0.0.1:{listen_port}").geturl()
    finally:
        process.terminate()
        process.wait(timeout=20)
        shutil.rmtree(folder)


def _wait_until_up(port: int, process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
