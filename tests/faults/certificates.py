"""Certificates of services that exist for a minute."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Authority:
    """Somebody who signs: its certificate is in the file `path`."""

    path: Path
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def serves(self, name: str, *, expired: bool = False) -> ssl.SSLContext:
        """What a service of that name, or address, listens with."""
        key = ec.generate_private_key(ec.SECP256R1())
        try:
            alternative: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(name))
        except ValueError:
            alternative = x509.DNSName(name)
        begun = _now() - 3 * DAY
        builder = _named(name, self.certificate.subject, key, begun, begun + (DAY if expired else 9 * DAY))
        signed = builder.add_extension(x509.SubjectAlternativeName([alternative]), critical=False).sign(
            self.key, hashes.SHA256()
        )
        file = self.path.with_name("service.pem")
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        file.write_bytes(secret + signed.public_bytes(serialization.Encoding.PEM))
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(file)
        return context


def authority(folder: Path) -> Authority:
    """Make somebody who signs."""
    folder.mkdir(parents=True, exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "somebody")])
    builder = _named("somebody", name, key, _now() - 5 * DAY, _now() + 5 * DAY)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    certificate = builder.sign(key, hashes.SHA256())
    path = folder / "authority.pem"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return Authority(path, certificate, key)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _named(
    name: str, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, begun: dt.datetime, over: dt.datetime
) -> x509.CertificateBuilder:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    return builder.serial_number(x509.random_serial_number()).not_valid_before(begun).not_valid_after(over)
