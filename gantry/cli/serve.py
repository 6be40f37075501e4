"""``python -m gantry serve``: everything on one port."""

import argparse
import contextlib
import errno
import logging
import os
import signal
import socket
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from gantry.cli.failing import CommandError
from gantry.cli.front_end import REFLEX, build_if_changed
from gantry.places import root
from gantry.settings import Settings, load_settings
from gantry.thrift import quick_imports

if TYPE_CHECKING:
    import uvicorn

GRACE_SECONDS = 5
LINGER_SECONDS = 1.5  # the Caddyfile's fail_duration is longer
KEEP_ALIVE_SECONDS = 75  # longer than a proxy in front keeps an idle connection: it must be the one to close
MAX_MESSAGE_BYTES = 1_000_000  # a websocket message from a browser; Reflex has the same limit
_PRIVATE = ("documents", "documents.set-aside", "chroma", "backups")  # folders in DATA_DIR


def serve(chosen: argparse.Namespace) -> None:
    """Serve until SIGINT or SIGTERM."""
    with quick_imports():
        from gantry import bootstrap  # noqa: PLC0415 - see the module's docstring

    settings = load_settings()
    bootstrap.require_sound(settings)
    host = chosen.host or settings.host
    wanted = settings.port if chosen.port is None else chosen.port
    with contextlib.ExitStack() as held:
        listener = held.enter_context(contextlib.closing(_listen(host, wanted)))
        port = listener.getsockname()[1]  # with 0, whichever was free
        listeners = [listener]
        if settings.metrics_listens:
            if settings.metrics_listens[1] == port:  # of --port, which the settings do not know
                raise CommandError(f"METRICS_ADDRESS needs a port of its own, other than {port}.")
            figures = _listen(*settings.metrics_listens, setting="METRICS_ADDRESS")
            listeners.append(held.enter_context(contextlib.closing(figures)))
        if not chosen.backend_only:
            build_if_changed()
        make_private(settings)
        bootstrap.require_alone(settings)
        # On one machine the schema is brought up; in production that is a step of its own, so here it is only checked.
        (bootstrap.require_schema if settings.production else bootstrap.migrate)(settings)
        prepare_reflex(settings)
        if settings.uvicorn_workers == 1:
            _run_server(settings, listeners, _address(host, port), proxied=chosen.backend_only)
        else:
            _run_workers(settings, listeners, _address(host, port))


def make_private(settings: Settings) -> None:
    """Close what earlier versions left open to other users of this machine; what is not ours stays as it is."""
    paths = [settings.data_dir / name for name in _PRIVATE]
    scheme, _, rest = settings.database_url.partition(":///")
    if scheme == "sqlite":
        paths += [Path(f"{rest.partition('?')[0]}{suffix}") for suffix in ("", "-wal", "-shm")]
    for path in paths:
        with contextlib.suppress(OSError):
            path.chmod(path.stat().st_mode & 0o7700)


def _listen(host: str, port: int, *, setting: str = "PORT") -> socket.socket:
    """Take the port before anything slow happens."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=512)
    except OSError as error:
        raise CommandError(_why_not(error, host, port, setting)) from error


def _why_not(error: OSError, host: str, port: int, setting: str) -> str:
    """Say why nothing can listen there, and what to do."""
    host_setting, before = ("HOST", "PORT=") if setting == "PORT" else (setting, f"{setting}={host}:")
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is in use.\nStop the program that uses it, or choose another port: {before}{port + 1}"
    if error.errno == errno.EACCES:
        return f"Port {port} is reserved for the system's administrator.\nChoose a port from 1024 up: {before}{3000 if setting == 'PORT' else 9100}"
    if error.errno == errno.EADDRNOTAVAIL or (error.errno or 0) < 0:  # below 0: the name is not known
        return f"{host_setting}: {host} is not an address of this machine.\nUse 127.0.0.1 for this machine alone, or 0.0.0.0 for every network."
    return f"Port {port} on {host} cannot be used: {os.strerror(error.errno or 0)}."


def _address(host: str, port: int) -> str:
    shown = "localhost" if host in {"127.0.0.1", "0.0.0.0", "::", "::1"} else host  # noqa: S104 - shown, not bound
    return f"http://{shown}:{port}"


def prepare_reflex(settings: Settings) -> None:
    """Tell Reflex, which reads the environment when it is imported, what it needs to know."""
    os.environ.update(REFLEX)
    os.environ["__REFLEX_SKIP_COMPILE"] = "true"
    os.environ["REFLEX_WEB_WORKDIR"] = str(root() / ".web")
    os.environ.pop("REDIS_URL", None)
    if settings.redis_url is not None:
        os.environ["REDIS_URL"] = settings.redis_url


def _run_server(settings: Settings, listeners: list[socket.socket], address: str, *, proxied: bool) -> None:
    """Serve in this process until SIGINT or SIGTERM."""
    from gantry.serving import Server  # noqa: PLC0415

    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    # uvicorn raises the signal again when it has stopped: by then the work is done, and the exit code is 0.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    linger_seconds = LINGER_SECONDS if proxied else 0.0
    server = Server(_uvicorn_config(settings), address=address, linger_seconds=linger_seconds)
    server.run(sockets=listeners)
    if not server.started:
        raise CommandError("Gantry did not start; the reason is above.")


def _run_workers(settings: Settings, listeners: list[socket.socket], address: str) -> None:
    """Serve in processes of their own until SIGINT or SIGTERM; one that dies is started again."""
    from uvicorn.supervisors import Multiprocess  # noqa: PLC0415

    config = _uvicorn_config(settings)
    with tempfile.TemporaryDirectory(prefix="gantry-metrics-") as shared:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = shared  # where the workers add their figures up
        print(f"Gantry is starting {settings.uvicorn_workers} workers on {address}", flush=True)
        Multiprocess(config, sockets=listeners).run()


def _uvicorn_config(settings: Settings) -> "uvicorn.Config":
    from gantry.serving_limits import Limits, ServerConfig, allow_files  # noqa: PLC0415

    limits = Limits(connections_per_address=settings.max_connections_per_address)
    return ServerConfig(
        "gantry.gantry:app",
        limits=allow_files(limits),
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
