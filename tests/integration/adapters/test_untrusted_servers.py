"""Model servers whose certificate or protocol is not what the address says, on a real port."""

import asyncio
import datetime as dt
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from gantry.adapters.openai.chat import OpenAIChatModel
from gantry.domain.catalog import ConnectionKind, ConnectionOrigin, ConnectionSpec
from gantry.domain.errors import ModelFault, ModelUnavailable
from tests.integration.adapters.test_openai_faults import QUESTION


def self_signed(folder: Path, address: str, *, days: int) -> Path:
    """Write key and certificate for *address* into one file; negative *days* make it expired."""
    key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "rig")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=90))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = (
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = folder / "server.pem"
    path.write_bytes(key.private_bytes(*plain) + certificate.public_bytes(serialization.Encoding.PEM))
    return path


@asynccontextmanager
async def listening(certificate: Path | None) -> AsyncIterator[int]:
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):  # a client that does not trust us hangs up
            await reader.read(100)
            writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize(
    ("kind", "sentence", "advice"),
    [
        ("unknown", "not trusted", "SSL_CERT_FILE"),
        ("expired", "expired", "Renew"),
        ("other host", "another host", "host name"),
        ("plain", "does not speak HTTPS", "http://"),
    ],
)
async def test_what_is_wrong_with_https_is_told(
    tmp_path: Path, kind: str, sentence: str, advice: str
) -> None:
    """An unknown issuer, an expired certificate, another host and plain HTTP each have a next step of their own."""
    path = None
    if kind != "plain":
        address = "127.0.0.9" if kind == "other host" else "127.0.0.1"
        path = self_signed(tmp_path, address, days=-1 if kind == "expired" else 30)
    trusted = ssl.create_default_context(cafile=path if kind in {"expired", "other host"} else None)
    async with listening(path) as port, httpx.AsyncClient(trust_env=False, verify=trusted) as client:
        url = f"https://127.0.0.1:{port}/v1"
        spec = ConnectionSpec("rig", "Rig", ConnectionKind.OPENAI, url, ConnectionOrigin.STORED)
        with pytest.raises(ModelUnavailable, match=sentence) as raised:
            async for _ in OpenAIChatModel(client, spec).stream(QUESTION):
                pass
    error = raised.value
    assert (error.fault, advice in error.advice) == (ModelFault.UNREACHABLE, True)
    assert error.details
    assert "SSL_CERT_FILE" not in error.advice_for(administrator=False)
