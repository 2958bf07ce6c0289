"""Encrypted connections: a certificate that is trusted, and one that is not."""

from __future__ import annotations

import datetime
import ipaddress
import os
import subprocess
import sys

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from pictologics import FileAccessError, load_image
from pictologics.storage import http_ranges
from tests.factories.file_servers import serve_folder
from tests.factories.nifti_files import write_nifti

pytestmark = pytest.mark.slow


@pytest.fixture
def certificate(tmp_path):
    """A certificate of this machine that it made itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .sign(key, hashes.SHA256())
    )
    files = tmp_path / "certificate.pem", tmp_path / "key.pem"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    files[1].write_bytes(key.private_bytes(*form))
    return files


def test_a_certificate(tmp_path, certificate, monkeypatch):
    monkeypatch.setattr(http_ranges, "PAUSE", 0.01)
    (tmp_path / "served").mkdir()
    write_nifti(tmp_path / "served" / "scan.nii")
    with serve_folder(tmp_path / "served", certificate=certificate) as web:
        with pytest.raises(FileAccessError, match=r"cannot be read \(ClientConnectorCertificateError\)"):
            load_image(f"{web.url}/scan.nii")
        code = f"import pictologics; print(pictologics.load_image('{web.url}/scan.nii').array.size)"
        trusting = {**os.environ, "SSL_CERT_FILE": str(certificate[0])}
        command = [sys.executable, "-c", code]
        run = subprocess.run(command, check=False, capture_output=True, text=True, env=trusting, timeout=60)
    assert (run.returncode, run.stdout, run.stderr) == (0, "210\n", "")
