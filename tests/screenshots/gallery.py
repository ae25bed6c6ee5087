"""docs/pages.md: each page with who sees it, what it is for, and its picture."""

import shutil
from pathlib import Path

from tests.screenshots.pages import SECTIONS, Shot

ROOT_OF_DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
MOST_USED_LOOKS = {"1440-dark": "dark", "390-light": "narrow"}
ORDER = [
    "Home",
    "Define",
    "Act",
    "Prove",
    "Data",
    "Settings",
    "Beginning",
    "Getting in",
    "Platform",
    "Elsewhere",
]
BEGINNING = """# Every page

Who sees a page follows from [the roles](roles.md). The pictures are taken by `make screenshots`, which writes this file
too; the company in them is the one of `make demo`.
"""


def write_gallery(pictures: Path, docs: Path) -> None:
    """Replace docs/pages.md and its pictures by those just taken. A page that was not taken keeps its old one."""
    images = docs / "images"
    images.mkdir(exist_ok=True)
    shown = {name: [shot for shot in SECTIONS[name] if shot.in_gallery] for name in ORDER}
    names = {name for shots in shown.values() for shot in shots for name in _copy(shot, pictures, images)}
    for old in images.glob("*"):
        if old.name not in names:
            old.unlink()
    lines = [BEGINNING, " · ".join(f"[{name}](#{_anchor(name)})" for name in ORDER), ""]
    for name, shots in shown.items():
        lines += [f"## {name}", ""]
        for shot in shots:
            lines += _entry(shot)
    (docs / "pages.md").write_text("\n".join(lines).rstrip() + "\n")


def pictures_of(shot: Shot) -> dict[str, str]:
    """Names of the gallery's pictures of a page, with the look each shows."""
    looks = {"1440-light": "", **(MOST_USED_LOOKS if shot.most_used else {})}
    return {f"{shot.slug}-{word}.webp" if word else f"{shot.slug}.webp": look for look, word in looks.items()}


def _copy(shot: Shot, pictures: Path, images: Path) -> list[str]:
    for name, look in pictures_of(shot).items():
        taken = pictures / f"{shot.slug}.{look}.webp"
        if taken.exists():
            shutil.copyfile(taken, images / name)
    return list(pictures_of(shot))


def _entry(shot: Shot) -> list[str]:
    lines = [
        f"### {shot.name}",
        "",
        f"{shot.purpose} Seen by {shot.who_sees}.",
        "",
        f"![{shot.name}](images/{shot.slug}.webp)",
    ]
    if shot.most_used:
        also = " · ".join(f"[{word}](images/{shot.slug}-{word}.webp)" for word in MOST_USED_LOOKS.values())
        lines += ["", f"Also: {also}"]
    return [*lines, ""]


def _anchor(name: str) -> str:
    return name.lower().replace(" ", "-")
