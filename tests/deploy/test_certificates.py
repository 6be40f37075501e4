"""Automatic HTTPS against an ACME authority of our own: Caddy is one, too."""

import asyncio
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parts.compose import ROOT_CERTIFICATE, Stack

NETWORK = "gantry-acme-test"
DOMAIN = "chat.test"
AUTHORITY = """{
	skip_install_trust
}
acme.test {
	tls internal
	acme_server
}
"""
OPTIONS = """acme_ca https://acme.test/acme/local/directory
acme_ca_root /etc/caddy/global.d/authority.crt
"""


@pytest.fixture
def authority(stack: Stack, tmp_path: Path) -> Iterator[Path]:
    """Yield the root certificate of an ACME authority that runs beside the deployment."""
    docker, configuration = stack.docker, tmp_path / "Caddyfile"
    configuration.write_text(AUTHORITY)
    names = ("gantry-acme-test", "gantry-acme-web")
    stack.script(docker, "network", "create", NETWORK)
    try:
        stack.script(
            docker, "run", "--detach", "--name", names[0], "--network", NETWORK,
            "--network-alias", "acme.test", "--volume", f"{configuration}:/etc/caddy/Caddyfile:ro",
            "caddy:2", "caddy", "run", "--config", "/etc/caddy/Caddyfile",
        )  # fmt: skip
        root = tmp_path / "authority.crt"
        root.write_text(_when_there(stack, names[0]))
        yield root
    finally:
        stack.script(docker, "rm", "--force", *names, check=False)
        stack.script(docker, "network", "rm", NETWORK, check=False)


def _when_there(stack: Stack, name: str) -> str:
    wait = f"until test -s {ROOT_CERTIFICATE}; do sleep 0.1; done; cat {ROOT_CERTIFICATE}"
    read = [stack.docker, "exec", name, "sh", "-c", wait]
    return subprocess.run(read, capture_output=True, text=True, check=True, timeout=30).stdout


async def test_a_certificate_is_obtained(stack: Stack, authority: Path, tmp_path: Path) -> None:
    """With a name of its own, Caddy gets its certificate from the authority by ACME and serves it."""
    options = tmp_path / "global.d"
    options.mkdir()
    (options / "acme.caddy").write_text(OPTIONS)
    (options / "authority.crt").write_text(authority.read_text())
    image = stack.containers("web")[0]["Config"]["Image"]
    stack.script(
        stack.docker, "run", "--detach", "--name", "gantry-acme-web", "--network", NETWORK,
        "--network-alias", DOMAIN, "--env", f"DOMAIN={DOMAIN}", "--cap-drop", "ALL",
        "--cap-add", "NET_BIND_SERVICE", "--volume", f"{options}:/etc/caddy/global.d:ro", image,
    )  # fmt: skip
    form = f'{{{{(index .NetworkSettings.Networks "{NETWORK}").IPAddress}}}}'
    address = stack.script(stack.docker, "inspect", "gantry-acme-web", "--format", form).stdout.strip()
    trusting = ssl.create_default_context(cafile=str(authority))
    async with asyncio.timeout(60):
        while True:
            try:
                _, writer = await asyncio.open_connection(address, 443, ssl=trusting, server_hostname=DOMAIN)
            except OSError:  # not there yet; ssl.SSLError is one of these
                await asyncio.sleep(0.5)
            else:
                break
    certificate = writer.get_extra_info("peercert")
    writer.close()
    assert ("DNS", DOMAIN) in certificate["subjectAltName"]
