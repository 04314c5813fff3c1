"""Online predictions over HTTPS, with the certificate and key that `contender serve` is given."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from contender.records import migrate
from contender.serving.server import ServingError, check_certificate
from contender.settings import Settings
from tests.serving import serving

MODEL = "flight_delay"
PLAIN = serialization.NoEncryption()


def make_certificate(
    folder: Path, encryption: serialization.KeySerializationEncryption = PLAIN
) -> list[Path]:
    """Write a key and a certificate of this machine that it signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "tests")])
    machine = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(machine, critical=False)
        .sign(key, hashes.SHA256())
    )
    files = [folder / "certificate.pem", folder / "key.pem"]
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8
    files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, form, encryption))
    return files


def test_requests_are_answered_over_https_only(catalog, tmp_path):
    here = Settings(home=tmp_path / "home")
    migrate(here.records)
    certificate, key = make_certificate(tmp_path)
    words = (MODEL, "--certificate", str(certificate), "--key", str(key))
    with serving(here, catalog.home, *words) as address:
        assert address.startswith("https://")
        trusted = ssl.create_default_context(cafile=certificate)
        models = httpx.get(f"{address}/v1/models", verify=trusted).json()["models"]
        assert [model["model"] for model in models] == [MODEL]
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{address.replace('https', 'http')}/v1/models")
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            httpx.get(f"{address}/v1/models", verify=ssl.create_default_context())


def test_a_certificate_needs_its_key(tmp_path):
    certificate, key = make_certificate(tmp_path)
    for given in ((certificate, None), (None, key)):
        with pytest.raises(ServingError, match="both --certificate and --key"):
            check_certificate(*given)


def test_other_files_are_refused_by_name(tmp_path):
    certificate, key = make_certificate(tmp_path)
    (tmp_path / "other").mkdir()
    _, other = make_certificate(tmp_path / "other")
    empty = tmp_path / "empty.pem"
    empty.touch()
    for given in ((certificate, other), (empty, key), (certificate, empty), (tmp_path / "none.pem", key)):
        with pytest.raises(
            ServingError, match=f"{given[0].name} and .*{given[1].name} are not a certificate"
        ):
            check_certificate(*given)


def test_an_encrypted_key_is_refused(tmp_path):
    files = make_certificate(tmp_path, serialization.BestAvailableEncryption(b"a password"))
    with pytest.raises(ServingError, match="the private key is encrypted"):
        check_certificate(*files)
