"""nginx, Caddy and Traefik with the examples of deploy/proxies, on ports of this machine and with a certificate of our own.

In the examples only the ports, the address of Gantry, the paths and, for Caddy, the certificate are replaced.
"""

import asyncio
import datetime as dt
import os
import shutil
import ssl
import subprocess
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.parts.app import ROOT, RunningApp
from tests.parts.browser import PROXIED_HOST
from tests.parts.missing import missing
from tests.parts.ports import free_port

NAME = PROXIED_HOST
_EXAMPLES = ROOT / "deploy" / "proxies"
_UNPACKED = ROOT / ".cache" / "nginx" / "usr" / "sbin" / "nginx"  # make system-packages
_START_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy that runs.

    Attributes:
        port: Where it serves https.
        url: Its address as a browser has it; the name is known to Chromium alone.
        trust: What a client needs to believe its certificate.
        name: For messages.
    """

    port: int
    url: str
    trust: ssl.SSLContext
    name: str


@dataclass(frozen=True, slots=True)
class _Place:
    """Where one proxy is set up."""

    folder: Path
    upstream: int
    http: int
    https: int

    def adapted(self, example: str, *ports: str) -> str:
        """Return an example of ours with what is this place's own; *ports* are forms in which ports stand there."""
        text = (_EXAMPLES / example).read_text(encoding="utf-8")
        replaced = {
            "127.0.0.1:3000": f"127.0.0.1:{self.upstream}",
            "/etc/ssl/chat.example.com": str(self.folder),
            "/etc/traefik": str(self.folder),
            **{form.format(80): form.format(self.http) for form in ports},
            **{form.format(443): form.format(self.https) for form in ports},
        }
        for before, now in replaced.items():
            text = text.replace(before, now)
        return text


def _nginx(place: _Place) -> list[str]:
    site, whole = place.folder / "gantry.conf", place.folder / "nginx.conf"
    site.write_text(place.adapted("nginx.conf", "listen {};", "listen {} ssl"))
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = " ".join(f"{kind}_temp_path {place.folder / kind};" for kind in kinds)
    user = "user root;" if os.geteuid() == 0 else ""
    whole.write_text(
        f"{user} daemon off; worker_processes 1; pid {place.folder / 'pid'}; error_log stderr;\n"
        f"events {{}}\nhttp {{ access_log off; {paths} include {site}; }}\n"
    )
    return [_binary("nginx", "/usr/sbin/nginx", str(_UNPACKED)), "-p", str(place.folder), "-c", str(whole)]


def _caddy(place: _Place) -> list[str]:
    path = place.folder / "Caddyfile"
    certificate = f"tls {place.folder}/fullchain.pem {place.folder}/privkey.pem"
    site = place.adapted("Caddyfile").replace(f"\n{NAME} {{\n", f"\n{NAME} {{\n\t{certificate}\n")
    ports = f"http_port {place.http}\n\thttps_port {place.https}"
    path.write_text(f"{{\n\tadmin off\n\tskip_install_trust\n\t{ports}\n}}\n{site}")
    return caddy_of(path)


def caddy_of(file: Path) -> list[str]:
    """Return the command that runs Caddy with a Caddyfile."""
    beside = str(Path(sys.executable).with_name("caddy"))
    return [_binary(beside, "caddy"), "run", "--config", str(file), "--adapter", "caddyfile"]


def _traefik(place: _Place) -> list[str]:
    for name in ("traefik.yml", "gantry.yml"):
        (place.folder / name).write_text(place.adapted(name, '":{}"'))
    beside = str(Path(sys.executable).with_name("traefik"))
    return [_binary(beside, "traefik"), f"--configFile={place.folder / 'traefik.yml'}"]


_COMMANDS: dict[str, Callable[[_Place], list[str]]] = {"nginx": _nginx, "caddy": _caddy, "traefik": _traefik}
NAMES = tuple(_COMMANDS)


@asynccontextmanager
async def running_proxy(name: str, app: RunningApp, folder: Path) -> AsyncGenerator[Proxy]:
    """Serve *app* through the proxy *name*, as the example for it says."""
    place = _Place(folder, app.port, free_port(), free_port())
    certify(folder)
    trust = ssl.create_default_context(cafile=folder / "fullchain.pem")
    proxy = Proxy(place.https, f"https://{NAME}:{place.https}", trust, name)
    async with running(_COMMANDS[name](place), folder, lambda: _answers(proxy)):
        yield proxy


@asynccontextmanager
async def running(
    command: Sequence[str], folder: Path, answers: Callable[[], Awaitable[bool]], **env: str
) -> AsyncGenerator[None]:
    """Run a proxy in *folder* from when it *answers* to the end of the block."""
    log = folder / "proxy.log"
    with log.open("wb") as said:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            env={"HOME": str(folder), "PATH": "/usr/bin:/bin", **env},
            start_new_session=True,
        )
    try:
        async with asyncio.timeout(_START_SECONDS):
            while not await answers():
                assert process.poll() is None, log.read_text()
                await asyncio.sleep(0.05)
        yield
    finally:
        process.terminate()
        try:
            await asyncio.to_thread(process.wait, 5)
        except subprocess.TimeoutExpired:
            process.kill()
            await asyncio.to_thread(process.wait)


async def _answers(proxy: Proxy) -> bool:
    """Whether it serves the health of the application behind it."""
    try:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", proxy.port, ssl=proxy.trust, server_hostname=NAME
        )
        writer.write(
            f"GET /health HTTP/1.1\r\nHost: {NAME}:{proxy.port}\r\nConnection: close\r\n\r\n".encode()
        )
        status = await reader.readline()
        writer.close()
    except OSError:
        return False
    return b" 200 " in status


def certify(folder: Path) -> None:
    """Write a certificate for the name of the examples, which is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "fullchain.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )


def _binary(*places: str) -> str:
    found = next((path for place in places if (path := shutil.which(place))), None)
    if found is None:
        missing(f"{Path(places[-1]).name} (make setup-dev system-packages)")
    return found
