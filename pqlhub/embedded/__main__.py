"""`python -m pqlhub.embedded start|stop|status|url|psql|destroy`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from pqlhub.embedded import EmbeddedError, EmbeddedServer, ServerUrls, default_home


def main(arguments: list[str] | None = None) -> int:
    """Run one command; exit status 0: it worked, 1: an error, 3: the server is not running."""
    options = _parser().parse_args(arguments)
    server = EmbeddedServer(options.home, durable=not getattr(options, "not_durable", False))
    try:
        return _run(options, server)
    except EmbeddedError as error:
        print(error, file=sys.stderr)
        return 1


def _run(options: argparse.Namespace, server: EmbeddedServer) -> int:
    match options.command:
        case "start":
            _print_urls(server.start())
        case "stop":
            server.stop(options.mode)
            print("PostgreSQL is stopped.")
        case "destroy":
            if not options.yes:
                raise EmbeddedError(
                    f"This deletes the database of {server.home} for good: add --yes to do it."
                )
            server.destroy()
            print("The database is deleted.")
        case "status":
            running = server.is_running()
            print(
                f"{'running' if running else 'not running'}; data: {server.data_folder()}; log: {server.log}"
            )
            return 0 if running else 3
        case "url":
            urls = _urls(server)
            if options.role:
                print(getattr(urls, f"{options.role}_url"))
            else:
                _print_urls(urls)
        case "psql":
            url = getattr(_urls(server), f"{options.role}_url")
            _exec_psql(server, url, options.arguments)
    return 0


def _urls(server: EmbeddedServer) -> ServerUrls:
    urls = server.urls()
    if urls is None:
        raise EmbeddedError(
            f"There is no database in {server.home} yet: run `python -m pqlhub.embedded start`."
        )
    return urls


def _print_urls(urls: ServerUrls) -> None:
    print(f"DATABASE_URL={urls.app_url}")
    print(f"DATABASE_OWNER_URL={urls.owner_url}")


def _exec_psql(server: EmbeddedServer, url: str, arguments: list[str]) -> None:
    """Become psql. The password goes through the environment, where other users do not see it."""
    user_and_password, _, rest = url.removeprefix("postgresql://").partition("@")
    user, _, password = user_and_password.partition(":")
    psql = str(server.binaries() / "psql")
    sys.stdout.flush()
    os.execve(psql, [psql, f"postgresql://{user}@{rest}", *arguments], os.environ | {"PGPASSWORD": password})


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pqlhub.embedded", description="The built-in PostgreSQL server."
    )
    commands = parser.add_subparsers(dest="command", required=True)

    def command(name: str, text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.add_argument(
            "--home", type=Path, default=None, help=f"folder of the server (default: {default_home()})"
        )
        return added

    start = command("start", "start the server, or find it running, and print its addresses")
    start.add_argument(
        "--not-durable", action="store_true", help="fast, but a power loss loses it: for tests only"
    )
    stop = command("stop", "stop the server")
    stop.add_argument("--mode", choices=("fast", "smart", "immediate"), default="fast")
    command("status", "say whether the server runs; exit status 3 when not")
    url = command("url", "print the addresses (with passwords)")
    url.add_argument("--role", choices=("admin", "owner", "app", "backup"))
    psql = command("psql", "open psql, for example: psql --role admin -- -c 'select version()'")
    psql.add_argument("--role", choices=("admin", "owner", "app", "backup"), default="owner")
    psql.add_argument("arguments", nargs="*", metavar="-- ARGUMENTS", help="passed to psql")
    destroy = command("destroy", "stop the server and delete its database")
    destroy.add_argument("--yes", action="store_true", help="really delete")
    return parser


if __name__ == "__main__":
    sys.exit(main())
