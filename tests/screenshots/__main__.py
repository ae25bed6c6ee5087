"""Photograph every page: `make screenshots`, or with a demo that runs already `make screenshots URL=http://127.0.0.1:8000`.

Writes PNGs of both widths and both themes to build/screenshots, and the gallery to docs/images and docs/pages.md. The
camera works through the pages as the demo's people do: it opens a second company, invites, makes keys and a draft.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
READY_WITHIN = 900.0
NO_DATABASE = "postgresql://nobody:none@127.0.0.1:1/none"  # only the browser asks, and it asks the console


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.screenshots", description=__doc__)
    parser.add_argument(
        "--url", default="", help="a demo that runs already; its folder is PQLHUB_HOME or .pqlhub"
    )
    parser.add_argument(
        "--only", default="", help="sections to photograph, by commas; the gallery keeps its other pictures"
    )
    parser.add_argument("--axe", type=Path, help="axe.min.js: check every page for accessibility too")
    parser.add_argument(
        "--to", type=Path, default=ROOT / "build" / "screenshots", help="where the pictures go"
    )
    chosen = parser.parse_args()
    home = Path(os.environ.get("PQLHUB_HOME") or ROOT / ".pqlhub").absolute()
    if chosen.url:
        return _photograph(chosen, chosen.url, home)
    with _throw_away_demo() as (url, home):
        return _photograph(chosen, url, home)


@contextmanager
def _throw_away_demo() -> Iterator[tuple[str, Path]]:
    """A demo of its own, gone afterwards."""
    from pqlhub.embedded import EmbeddedServer
    from tests.live import free_port

    with tempfile.TemporaryDirectory(prefix="pqlhub-screenshots-") as folder:
        home, port = Path(folder) / "home", free_port()
        environment = {**os.environ, "PQLHUB_HOME": str(home), "PORT": str(port)}
        log = Path(folder) / "demo.log"
        with log.open("w") as output:
            demo = subprocess.Popen(
                [sys.executable, "-m", "pqlhub.demo"], cwd=ROOT, env=environment, stdout=output, stderr=output
            )
        try:
            print("Starting a demo of its own; this takes some minutes …", flush=True)
            deadline = time.monotonic() + READY_WITHIN
            while "PQL Hub is running" not in log.read_text():
                if demo.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(log.read_text()[-2000:])
                time.sleep(1)
            yield f"http://127.0.0.1:{port}", home
        finally:
            if demo.poll() is None:
                demo.send_signal(signal.SIGINT)
                demo.wait(timeout=90)
            EmbeddedServer(home).stop()
            EmbeddedServer(home).destroy()


def _photograph(chosen: argparse.Namespace, url: str, home: Path) -> int:
    os.environ.update(DATABASE_URL=NO_DATABASE, DATABASE_OWNER_URL=NO_DATABASE, PQLHUB_HOME=str(home))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pqlhub.settings")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    import django

    django.setup()
    from playwright.sync_api import sync_playwright

    from tests.screenshots.camera import ARGUMENTS, CHROMIUM, Camera
    from tests.screenshots.gallery import write_gallery
    from tests.screenshots.pages import SECTIONS
    from tests.screenshots.walk import Walk

    if CHROMIUM is None:
        raise SystemExit("No Chromium on PATH: install one, then try again.")
    wanted = [name.strip().lower() for name in chosen.only.split(",") if name.strip()]
    shots = [
        shot for name, shots in SECTIONS.items() if not wanted or name.lower() in wanted for shot in shots
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        camera = Camera(browser, url, chosen.to, chosen.axe.read_text() if chosen.axe else "")
        walk = Walk(camera, home)
        walk.take(shots)
        browser.close()
    camera.write_report()
    write_gallery(chosen.to, ROOT / "docs")
    taken, remarks = len(shots) - len(walk.failed), len(camera.faults.found)
    print(f"{taken} pages photographed, {remarks} remarks in {chosen.to / 'report.json'}")
    return 1 if walk.failed else 0


if __name__ == "__main__":
    sys.exit(main())
