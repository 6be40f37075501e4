"""The command line: ``python -m gantry …``.

Reflex, FastAPI and the services are imported by the command that needs them: ``--help`` and mistakes answer at once.
"""

import argparse
import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gantry import __version__
from gantry.cli_operations import add_operations_commands
from gantry.cli_user import add_user_commands
from gantry.domain.errors import GantryError
from gantry.settings import Settings, SettingsError, as_origin, load_settings

if TYPE_CHECKING:
    import uvicorn

GRACE_SECONDS = 5
LINGER_SECONDS = 1.5  # the Caddyfile's fail_duration is longer
KEEP_ALIVE_SECONDS = 75  # longer than a proxy in front keeps an idle connection: it must be the one to close
MAX_MESSAGE_BYTES = 1_000_000  # a websocket message from a browser; Reflex has the same limit
_REFLEX = {
    "REFLEX_ENV_MODE": "prod",
    "REFLEX_USE_NPM": "1",
    "REFLEX_TELEMETRY_ENABLED": "false",
    "REFLEX_CHECK_LATEST_VERSION": "false",
    "NPM_CONFIG_OMIT_LOCKFILE_REGISTRY_RESOLVED": "true",  # reflex.lock says what, not from where
}


class CommandError(Exception):
    """The command cannot go on; the message says why, and what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0 done, 1 not possible now, 2 wrong settings or usage."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    run: Callable[[argparse.Namespace], None] | None = getattr(chosen, "run", None)
    if run is None:
        parser.print_help()
        return 2
    try:
        run(chosen)
    except SettingsError as error:
        print(f"Gantry cannot start with these settings.\n{error}", file=sys.stderr)
        return 2
    except CommandError as error:
        print(error, file=sys.stderr)
        return 1
    except GantryError as error:
        print(f"{error.public} {error.advice}".rstrip(), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m gantry", description="A self-hosted AI chat.")
    parser.add_argument("--version", action="version", version=f"Gantry {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    serve = commands.add_parser("serve", help="serve everything on one port")
    serve.add_argument("--host", help="address to listen on (setting HOST)")
    serve.add_argument("--port", type=int, help="port to listen on (setting PORT)")
    serve.add_argument(
        "--backend-only", action="store_true", help="without the front end: a web server in front has it"
    )
    serve.set_defaults(run=_serve)
    build = commands.add_parser("build", help="compile the front end")
    build.add_argument("--force", action="store_true", help="even when nothing has changed")
    build.add_argument("--out", metavar="FOLDER", help="then write it there, for a static host")
    build.add_argument(
        "--backend", metavar="URL", default="", help="with --out: the address of the backend, if elsewhere"
    )
    build.add_argument(
        "--caddy", metavar="FILE", help="with --out: for Caddy, with its routes and policy in FILE"
    )
    build.set_defaults(run=_build)
    again = commands.add_parser("reindex", help="make the vectors of the configured embedding model")
    again.set_defaults(run=_reindex)
    revision = commands.add_parser("revision", help="for developers: write a migration from the tables")
    revision.add_argument("message", help="what it does, in a few words")
    revision.set_defaults(run=_revision)
    add_operations_commands(commands)
    add_user_commands(commands)
    return parser


def _reindex(_chosen: argparse.Namespace) -> None:
    from gantry.cli_reindex import reindex  # noqa: PLC0415 - see the module's docstring

    reindex(load_settings())


def _revision(chosen: argparse.Namespace) -> None:
    """Write a migration from the difference between the tables and a database that has all migrations."""
    from gantry.repositories import migrations  # noqa: PLC0415 - see the module's docstring

    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/schema.db"
        migrations.upgrade(url)
        migrations.write_revision(url, chosen.message)


def _build(chosen: argparse.Namespace) -> None:
    try:
        backend = as_origin(chosen.backend) if chosen.backend else ""
    except ValueError as error:
        raise CommandError(f"The backend's address {error}.") from error
    if chosen.caddy and (backend or not chosen.out):
        raise CommandError(
            "--caddy needs --out, and serves the backend on its own address: without --backend."
        )
    if not _build_if_changed(force=chosen.force):
        print("The front end is up to date.")
    if chosen.out:
        _write_front_end(Path(chosen.out), backend, chosen.caddy)


def _write_front_end(out: Path, backend: str, caddy: str | None) -> None:
    """Write the build to *out*: for Caddy with its snippets in the file *caddy*, else for any static host."""
    from gantry.api.caddy import caddy_snippets  # noqa: PLC0415
    from gantry.api.export import ExportError, write_export, write_site  # noqa: PLC0415
    from gantry.api.policy import page_policy  # noqa: PLC0415
    from gantry.ui import stamp  # noqa: PLC0415

    try:
        if caddy:
            write_site(stamp.BUILT, out)
            snippets = caddy_snippets(stamp.routes(), policy=page_policy(stamp.BUILT))
            Path(caddy).write_text(snippets, encoding="utf-8")
        else:
            write_export(stamp.BUILT, out, backend=backend)
    except ExportError as error:
        raise CommandError(str(error)) from error
    print(f"Written to {out}; its backend is {backend or 'where the pages come from'}.")


def _build_if_changed(*, force: bool = False) -> bool:
    """Compile the front end unless the last build still fits; returns whether it had to be."""
    from gantry.ui import stamp  # noqa: PLC0415

    if not force and stamp.is_fresh():
        return False
    stamp.clear()
    _compile()
    stamp.write()
    return True


def _compile() -> None:
    """Compile the front end in a process of its own: the compiler's memory is not the server's."""
    print("Building the front end (about half a minute; only after changes) …", flush=True)
    begun = time.monotonic()
    reflex = [sys.executable, "-m", "reflex", "export", "--frontend-only", "--no-zip", "--env", "prod"]
    beside = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    environment = {**os.environ, **_REFLEX, "PATH": beside}
    for name in ("REDIS_URL", "REFLEX_REDIS_URL", "__REFLEX_SKIP_COMPILE"):
        environment.pop(name, None)
    environment["NPM_CONFIG_REGISTRY"] = _npm_registry(environment)
    done = subprocess.run(  # noqa: S603 - our own interpreter, fixed arguments
        reflex, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode != 0:
        raise CommandError(f"{done.stdout}\nThe front end could not be built; the reason is above.")
    print(f"Front end built in {time.monotonic() - begun:.0f} s.", flush=True)


def _npm_registry(environment: dict[str, str]) -> str:
    """Return the registry npm is set up for: not told, Reflex would time two of them before every build."""
    asked = subprocess.run(
        ["npm", "config", "get", "registry"],  # noqa: S607 - the one beside our interpreter: PATH is ours
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return asked.stdout.strip()


def _serve(chosen: argparse.Namespace) -> None:
    settings = load_settings()
    host, port = chosen.host or settings.host, chosen.port or settings.port
    with contextlib.closing(_listen(host, port)) as listener:
        if not chosen.backend_only:
            _build_if_changed()
        _bring_up_schema(settings)
        _prepare_reflex(settings)
        if settings.uvicorn_workers == 1:
            _run_server(settings, listener, _address(host, port), proxied=chosen.backend_only)
        else:
            _run_workers(settings, listener, _address(host, port))


def _bring_up_schema(settings: Settings) -> None:
    """Migrate on one machine; in production that is a step of its own, so here the schema is only checked."""
    from gantry import bootstrap  # noqa: PLC0415

    (bootstrap.require_schema if settings.production else bootstrap.migrate)(settings)


def _listen(host: str, port: int) -> socket.socket:
    """Take the port before anything slow happens."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=512)
    except OSError as error:
        raise CommandError(
            f"Port {port} on {host} cannot be used: {os.strerror(error.errno or 0)}.\n"
            f"Stop what uses it, or choose another one: PORT={port + 1} make run"
        ) from error


def _address(host: str, port: int) -> str:
    shown = "localhost" if host in {"127.0.0.1", "0.0.0.0", "::", "::1"} else host  # noqa: S104 - shown, not bound
    return f"http://{shown}:{port}"


def _prepare_reflex(settings: Settings) -> None:
    """Tell Reflex, which reads the environment when it is imported, what it needs to know."""
    os.environ.update(_REFLEX)
    os.environ["__REFLEX_SKIP_COMPILE"] = "true"
    os.environ.pop("REDIS_URL", None)
    if settings.redis_url is not None:
        os.environ["REDIS_URL"] = settings.redis_url


def _run_server(settings: Settings, listener: socket.socket, address: str, *, proxied: bool) -> None:
    """Serve in this process until SIGINT or SIGTERM."""
    from gantry.serving import Server  # noqa: PLC0415

    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    # uvicorn raises the signal again when it has stopped: by then the work is done, and the exit code is 0.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    linger_seconds = LINGER_SECONDS if proxied else 0.0
    server = Server(_uvicorn_config(settings), address=address, linger_seconds=linger_seconds)
    server.run(sockets=[listener])
    if not server.started:
        raise CommandError("Gantry did not start; the reason is above.")


def _run_workers(settings: Settings, listener: socket.socket, address: str) -> None:
    """Serve in processes of their own until SIGINT or SIGTERM; one that dies is started again."""
    from uvicorn.supervisors import Multiprocess  # noqa: PLC0415

    config = _uvicorn_config(settings)
    with tempfile.TemporaryDirectory(prefix="gantry-metrics-") as shared:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = shared  # where the workers add their figures up
        print(f"Gantry is starting {settings.uvicorn_workers} workers on {address}", flush=True)
        Multiprocess(config, sockets=[listener]).run()


def _uvicorn_config(settings: Settings) -> "uvicorn.Config":
    import uvicorn  # noqa: PLC0415

    return uvicorn.Config(
        "gantry.gantry:app",
        factory=True,
        workers=settings.uvicorn_workers,
        log_config=None,
        access_log=False,  # gantry/api/observed.py writes a better one
        ws_max_size=MAX_MESSAGE_BYTES,
        ws_per_message_deflate=True,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
        forwarded_allow_ips=settings.trusted_proxies,
        server_header=False,
        date_header=True,
    )
