"""Files that must stay true to each other."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SETTINGS = (ROOT / "pqlhub" / "settings.py").read_text() + (ROOT / "pqlhub" / "state.py").read_text()
COMPOSE = (ROOT / "docker-compose.yml").read_text()
COMMAND_VARIABLES = {"DATABASE_ADMIN_URL", "DATABASE_OWNER_URL"}  # read by name in bootstrap and settings


def tracked_files(*patterns: str) -> list[Path]:
    done = subprocess.run(
        ["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / line for line in done.stdout.splitlines()]


def compose_environment() -> set[str]:
    block = COMPOSE.split("environment: &environment")[1].split("depends_on")[0]
    return set(re.findall(r"^    ([A-Z_]+):", block, re.MULTILINE))


def test_compose_sets_only_variables_that_settings_read():
    unknown = {name for name in compose_environment() if f'"{name}"' not in SETTINGS}

    assert unknown == set()


@pytest.mark.parametrize("service", ["postgres", "pgbouncer", "redis", "web", "worker", "beat"])
def test_compose_has_every_service_of_the_production_shape(service):
    assert f"\n  {service}:\n" in COMPOSE


def test_compose_worker_takes_every_queue_of_the_schedule():
    from pqlhub.schedule import TICKS

    queues = re.search(r'"--queues", "([a-z,]+)"', COMPOSE)

    assert queues is not None
    assert {tick.queue for tick in TICKS} <= set(queues.group(1).split(","))


def test_compose_web_and_worker_share_the_folder_of_exports():
    shared = COMPOSE.split("x-pqlhub:")[1].split("\nservices:")[0]

    assert "- home:/app/.pqlhub\n" in shared
    assert "mkdir .pqlhub && chown pqlhub .pqlhub" in (ROOT / "Dockerfile").read_text()


def test_every_setting_from_the_environment_is_documented():
    documented = (ROOT / "docs" / "configuration.md").read_text()
    names = (
        set(re.findall(r'(?:env_bool|env_list|environ\.get)\(\s*"([A-Z_]+)"', SETTINGS)) | COMMAND_VARIABLES
    )

    assert {name for name in names if f"`{name}`" not in documented} == set()


def test_no_committed_file_names_a_registry_host_or_a_path_of_a_machine():
    forbidden = re.compile(r"pypi\.org|files\.pythonhosted|registry\.npmjs|/root/|/work/")
    texts = [
        path
        for path in tracked_files()
        if path.suffix in {".py", ".md", ".toml", ".lock", ".json", ".yml", ".sh", ".txt"}
    ]
    own = Path(__file__)

    assert [str(path) for path in texts if path != own and forbidden.search(path.read_text())] == []


def test_no_function_is_longer_than_sixty_lines():
    long = []
    for path in tracked_files("*.py"):
        if "migrations" in path.parts or not path.exists():
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.lineno >= 60:
                long.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}")

    assert long == []


def test_no_file_is_longer_than_five_hundred_lines():
    """Of our own: scripts of others come with their licence beside them."""
    files = [
        path
        for path in tracked_files("*.py", "*.html", "*.css", "*.js")
        if "migrations" not in path.parts and not (path.parent / "LICENSE.md").exists()
    ]

    assert [path.name for path in files if path.exists() and len(path.read_text().splitlines()) > 500] == []


def test_every_direct_dependency_says_why():
    lines = (ROOT / "pyproject.toml").read_text().split("[tool.ruff]")[0].splitlines()
    dependencies = [line for line in lines if re.match(r'^    "[A-Za-z0-9\[\],._<>=~-]+",', line)]

    assert len(dependencies) > 30
    assert [line for line in dependencies if "#" not in line] == []


def test_a_list_in_sql_has_the_type_of_its_column():
    """psycopg sends small numbers as smallint[] or integer[]; compared with a bigint such a list is searched from its
    beginning for each row, where one of the column's own type is hashed."""
    loose = re.compile(r"ANY\(%\(\w+\)s\)")
    own = Path(__file__)

    assert [
        str(path) for path in tracked_files("*.py") if path != own and loose.search(path.read_text())
    ] == []
