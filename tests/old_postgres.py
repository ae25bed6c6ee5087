"""Runs a command against a throwaway server of an installed, older PostgreSQL.

`python -m tests.old_postgres FOLDER_OF_PROGRAMS -- command`
"""

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

PASSWORD = "postgres-of-tests"


def main(arguments: list[str]) -> int:
    programs, _dashes, *command = arguments
    folder = Path(tempfile.mkdtemp(prefix="old-postgres-", dir="/tmp"))
    account = {}
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        user = pwd.getpwnam("postgres")
        os.chown(folder, user.pw_uid, user.pw_gid)
        account = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    password_file = folder / "password"
    password_file.write_text(PASSWORD)
    password_file.chmod(0o644)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data, server = folder / "data", Path(programs) / "pg_ctl"
    options = (
        f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
        " -c max_connections=100"
    )
    init = [
        "-D",
        str(data),
        "-U",
        "postgres",
        "-A",
        "scram-sha-256",
        f"--pwfile={password_file}",
        "-E",
        "UTF8",
    ]
    try:
        quiet = {"stdout": subprocess.DEVNULL, "cwd": folder, "check": True, **account}
        subprocess.run([str(Path(programs) / "initdb"), *init], **quiet)
        subprocess.run(
            [str(server), "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start"], **quiet
        )
        url = f"postgresql://postgres:{PASSWORD}@127.0.0.1:{port}/postgres"
        return subprocess.run(
            command, env={**os.environ, "TEST_DATABASE_ADMIN_URL": url}, check=False
        ).returncode
    finally:
        subprocess.run([str(server), "-D", str(data), "-m", "immediate", "stop"], **{**quiet, "check": False})
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
