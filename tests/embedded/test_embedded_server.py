"""The embedded PostgreSQL: one server per home, found again, recovered, and closed to everybody else."""

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from pqlhub.embedded import EmbeddedServer, running_server
from pqlhub.embedded import server as server_module
from pqlhub.embedded.account import account_for
from pqlhub.embedded.cluster import port_is_free


def query(server: EmbeddedServer, sql: str) -> list[tuple]:
    with psycopg.connect(server.urls().admin_url, autocommit=True) as connection:
        cursor = connection.execute(sql)
        return cursor.fetchall() if cursor.description else []


def postmaster_pid(server: EmbeddedServer) -> int:
    return int((server.data_folder() / "postmaster.pid").read_text().splitlines()[0])


def kill_postmaster(server: EmbeddedServer) -> None:
    os.kill(postmaster_pid(server), signal.SIGKILL)
    while server.is_running():
        time.sleep(0.01)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def command(server: EmbeddedServer, *arguments: str) -> subprocess.Popen[str]:
    line = [sys.executable, "-m", "pqlhub.embedded", *arguments, "--home", str(server.home)]
    return subprocess.Popen(line, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


# -- what a running server is ------------------------------------------------------------------------


def test_server_is_postgresql_18_in_utf8_and_utc(running):
    sql = "select current_setting('server_version_num')::int / 10000, current_setting('server_encoding')"
    assert query(running, f"{sql}, current_setting('TimeZone'), lower('É')") == [(18, "UTF8", "UTC", "é")]


def test_server_listens_on_loopback_only(running):
    assert query(running, "show listen_addresses") == [("127.0.0.1",)]


@pytest.mark.parametrize("password", ["wrong", ""])
@pytest.mark.parametrize("way", ["tcp", "socket"])
def test_connection_without_the_password_is_refused(running, way, password):
    address = conninfo_to_dict(running.urls().admin_url) | {"password": password, "passfile": "/dev/null"}
    if way == "socket":
        address["host"] = str(running.data_folder().with_name("socket"))
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(**address)


def test_every_rule_of_the_server_demands_scram(running):
    assert query(running, "select distinct auth_method from pg_hba_file_rules") == [("scram-sha-256",)]


def test_secrets_data_and_socket_are_closed_to_other_users(running):
    data = running.data_folder()
    assert mode(running.home / "server.json") == 0o600
    assert mode(running.log) == 0o600
    assert (mode(data), mode(data.with_name("socket"))) == (0o700, 0o700)
    assert not list(running.home.rglob("initdb-password"))


def test_urls_name_four_roles_with_different_passwords(running):
    urls = running.urls()
    parts = [conninfo_to_dict(url) for url in (urls.admin_url, urls.owner_url, urls.app_url, urls.backup_url)]
    assert [part["user"] for part in parts] == ["postgres", "pqlhub_owner", "pqlhub_app", "pqlhub_backup"]
    assert [part["dbname"] for part in parts] == ["postgres", "pqlhub", "pqlhub", "pqlhub"]
    assert len({part["password"] for part in parts}) == 4


def test_second_start_reuses_the_server(running):
    pid = postmaster_pid(running)
    assert EmbeddedServer(running.home).start() == running.urls()
    assert postmaster_pid(running) == pid


def test_home_hides_itself_from_git(running):
    assert (running.home / ".gitignore").read_text() == "*\n"


# -- its life ----------------------------------------------------------------------------------------


def test_restart_keeps_data_and_urls(server):
    urls = server.start()
    query(server, "create table kept as select 7 as number")
    server.stop()
    assert not server.is_running()
    assert server.start() == urls
    assert query(server, "select number from kept") == [(7,)]


def test_urls_are_none_before_the_first_start(server):
    assert server.urls() is None
    assert not server.is_running()


def test_durable_server_keeps_what_was_committed_before_the_postmaster_was_killed(server):
    server.durable = True
    server.start()
    query(server, "create table kept as select 7 as number")
    kill_postmaster(server)
    server.start()
    assert query(server, "select number from kept") == [(7,)]


def test_start_waits_for_a_backend_that_outlives_the_killed_postmaster(server):
    server.start()
    busy = "do $$ declare until timestamptz := clock_timestamp() + interval '2 seconds';"
    busy += "begin while clock_timestamp() < until loop end loop; end $$"
    connection = psycopg.connect(server.urls().admin_url, autocommit=True)
    connection.pgconn.send_query(busy.encode())
    kill_postmaster(server)
    server.start()
    assert "shared memory block" in server.log.read_text()
    assert query(server, "select 1") == [(1,)]
    connection.close()


def test_stale_pid_file_naming_another_live_process_does_not_stop_a_start(server):
    server.start()
    server.stop()
    account = account_for(server.data_folder())
    user = {"user": account.uid, "group": account.gid} if account.switch else {}
    with subprocess.Popen(["sleep", "60"], **user) as stranger:
        pid_file = server.data_folder() / "postmaster.pid"
        pid_file.write_text(f"{stranger.pid}\n{server.data_folder()}\n1700000000\n5432\n\n\n\n")
        account.own(pid_file)
        assert not server.is_running()
        server.start()
        assert stranger.poll() is None
        stranger.kill()
    assert query(server, "select 1") == [(1,)]


def test_start_with_an_empty_pid_file(server):
    server.start()
    server.stop()
    (server.data_folder() / "postmaster.pid").touch()
    server.start()
    assert server.is_running()


def test_taken_port_is_chosen_anew_and_remembered(server):
    before = server.start()
    server.stop()
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", int(conninfo_to_dict(before.app_url)["port"])))
        stranger.listen()
        after = server.start()
    assert after != before
    assert server.urls() == after
    assert query(server, "select 1") == [(1,)]


def test_port_taken_between_look_and_start_is_chosen_anew(server, monkeypatch):
    before = server.start()
    server.stop()
    looks = iter([True])
    monkeypatch.setattr(server_module, "port_is_free", lambda port: next(looks, False) or port_is_free(port))
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", int(conninfo_to_dict(before.app_url)["port"])))
        stranger.listen()
        assert server.start() != before


@pytest.mark.parametrize("name", ["it's, odd", "long" * 30])
def test_home_may_have_an_odd_or_long_name(open_folder, name):
    with running_server(open_folder / name, durable=False) as urls:
        psycopg.connect(urls.admin_url).close()
        assert EmbeddedServer(open_folder / name).is_running()
    EmbeddedServer(open_folder / name).destroy()


def test_two_starts_at_once_give_one_server(server):
    starts = [command(server, "start", "--not-durable") for _ in range(2)]
    outputs = [start.communicate(timeout=60)[0] for start in starts]
    assert [start.returncode for start in starts] == [0, 0]
    assert outputs[0] == outputs[1]
    assert server.log.read_text().count("starting PostgreSQL") == 1


def test_server_outlives_a_starter_that_is_killed(server):
    code = "import os, pathlib, sys; from pqlhub.embedded import EmbeddedServer; "
    code += "EmbeddedServer(pathlib.Path(sys.argv[1]), durable=False).start(); os.kill(os.getpid(), 9)"
    assert subprocess.run([sys.executable, "-c", code, str(server.home)], check=False).returncode == -9
    assert query(server, "select 1") == [(1,)]
    assert os.getsid(postmaster_pid(server)) != os.getsid(0)


def test_start_finishes_what_a_start_killed_after_initdb_left(server):
    urls = server.start()
    server.stop()
    server.data_folder().rename(server.data_folder().with_name("data.new"))
    assert server.start() == urls


def test_start_begins_again_where_initdb_was_killed(server):
    (server.home / "data.new" / "base").mkdir(parents=True)
    server.home.chmod(0o711)
    server.start()
    assert query(server, "select 1") == [(1,)]


def test_running_server_stops_what_it_started(server):
    with running_server(server.home, durable=False):
        assert server.is_running()
    assert not server.is_running()


def test_running_server_leaves_a_server_that_ran_before(running):
    with running_server(running.home, durable=False):
        pass
    assert running.is_running()


def test_destroy_removes_data_and_passwords(server):
    server.start()
    data = server.data_folder()
    server.destroy()
    assert not data.exists()
    assert server.urls() is None


@pytest.mark.parametrize(("durable", "fsync"), [(True, "on"), (False, "off")])
def test_durable_server_syncs_to_disk(server, durable, fsync):
    server.durable = durable
    server.start()
    names = "('fsync', 'synchronous_commit', 'full_page_writes')"
    assert query(server, f"select distinct setting from pg_settings where name in {names}") == [(fsync,)]
