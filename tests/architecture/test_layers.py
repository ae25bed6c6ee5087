"""What import-linter cannot see."""

import subprocess
import sys
from pathlib import Path

from django.apps import apps

ROOT = Path(__file__).resolve().parent.parent.parent
HEIGHT = {
    "tenants": 0,
    "ingestion": 1,
    "scoring": 2,
    "experiments": 2,
    "delivery": 2,
    "routing": 3,
    "reports": 4,
    "pqlhub": 5,
}
ROLES = {
    "models", "querysets", "queries", "operations", "reports", "rules", "stats", "assignment",
    "compiler", "connectors", "forms", "serializers", "tasks", "views", "api", "admin",
    "urls", "management", "migrations", "templatetags", "apps", "sql",
}  # fmt: skip


def test_import_contracts_hold():
    done = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout


def test_foreign_keys_point_down_or_sideways_within_a_room():
    upward = [
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.local_fields
        if field.related_model
        and model._meta.app_label in HEIGHT
        and field.related_model._meta.app_label in HEIGHT
        if model._meta.app_label != field.related_model._meta.app_label
        and HEIGHT[model._meta.app_label] <= HEIGHT[field.related_model._meta.app_label]
    ]

    assert upward == []


def test_domain_rooms_hold_only_files_of_known_roles():
    strangers = [
        str(path.relative_to(ROOT))
        for room in ("ingestion", "scoring", "experiments", "delivery", "routing", "reports")
        for path in (ROOT / room).iterdir()
        if not path.name.startswith("__") and path.stem not in ROLES
    ]

    assert strangers == []


def test_nothing_is_called_utils_or_helpers():
    forbidden = {"utils.py", "helpers.py", "common.py", "misc.py"}
    rooms = [ROOT / room for room in HEIGHT]

    assert [str(path) for room in rooms for path in room.rglob("*.py") if path.name in forbidden] == []
