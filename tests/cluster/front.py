"""What stands before a cluster as it is run: TLS, a user with a password, a client's certificate; and a network that hangs."""

from __future__ import annotations

import base64
import datetime as dt
import ipaddress
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Certificates:
    """Files of an authority, of a server that it vouches for, and of a client."""

    authority: Path
    server: Path
    client: Path


def certificates(folder: Path) -> Certificates:
    """An authority of its own, and what it has signed."""
    folder.mkdir()
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("Urząd testów")
    authority = _certificate(name, name, key.public_key(), key, authority=True)
    (folder / "authority.pem").write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    for own in ("server", "client"):
        own_key = ec.generate_private_key(ec.SECP256R1())
        signed = _certificate(_name(own), name, own_key.public_key(), key, authority=False)
        (folder / f"{own}.pem").write_bytes(
            signed.public_bytes(serialization.Encoding.PEM)
            + own_key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
    return Certificates(folder / "authority.pem", folder / "server.pem", folder / "client.pem")


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    signer: ec.EllipticCurvePrivateKey,
    *,
    authority: bool,
) -> x509.Certificate:
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    if authority:
        usage = x509.KeyUsage(
            digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
            key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        builder = builder.add_extension(usage, critical=True)
    else:
        address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        builder = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)
    return builder.sign(signer, hashes.SHA256())


class Front(ThreadingHTTPServer):
    """Hands requests on to a node, of whom it lets in; while it ``hangs``, it takes them and says nothing."""

    daemon_threads = True

    def __init__(self, target: str, password: str = "") -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target = target
        self.wanted = "Basic " + base64.b64encode(password.encode()).decode() if password else ""
        self._goes_on = threading.Event()
        self._goes_on.set()

    @property
    def hangs(self) -> bool:
        """Whether it keeps requests."""
        return not self._goes_on.is_set()

    @hangs.setter
    def hangs(self, value: bool) -> None:
        if value:
            self._goes_on.clear()
        else:
            self._goes_on.set()

    def wait(self) -> None:
        """Until it does not hang."""
        self._goes_on.wait()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that gave up, or that was not let in, is no fault here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Front

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.wait()
        if self.server.wanted and self.headers.get("Authorization") != self.server.wanted:
            self._answer(401, b'{"error": "Unauthorized"}')
            return
        request = urllib.request.Request(self.server.target + self.path, body or None, method=self.command)
        request.add_header("Content-Type", self.headers.get("Content-Type", "application/json"))
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                self._answer(answer.status, answer.read())
        except urllib.error.HTTPError as error:
            self._answer(error.code, error.read())

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _handle  # noqa: N815 - names that the library looks for

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def front(
    target: str, *, password: str = "", own: Certificates | None = None, asks_client: bool = False
) -> Iterator[tuple[str, Front]]:
    """A front before a node, and its address; with certificates it speaks TLS."""
    server = Front(target, password)
    scheme = "http"
    if own:
        scheme = "https"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(own.server)
        if asks_client:
            context.load_verify_locations(own.authority)
            context.verify_mode = ssl.CERT_REQUIRED
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"{scheme}://127.0.0.1:{server.server_port}", server
    finally:
        server.hangs = False
        server.shutdown()
        server.server_close()
        thread.join()
