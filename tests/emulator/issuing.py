"""What a certificate authority outside the vault does."""

import base64
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from vaults.emulator.dataplane import subjects, x509tools
from vaults.emulator.state import keymaterial


def chain() -> tuple[Any, x509.Certificate, x509.Certificate]:
    """A private key, its certificate, and the certificate of who signed it."""
    root_key = keymaterial.pooled_key("EC", 0, "P-256")
    key = keymaterial.pooled_key("RSA", 2048, "imported")
    props = {"ekus": [], "key_usage": ["keyCertSign"], "validity_months": 36, "basic_constraints": {"ca": True}}
    root = x509tools.issue({"x509_props": props | {"subject": "CN=Root, O=Example"}}, root_key, 1700000000)
    leaf_props = {
        "subject": "CN=leaf, O=Example",
        "ekus": ["1.3.6.1.5.5.7.3.1"],
        "key_usage": ["digitalSignature"],
        "validity_months": 120,
        "basic_constraints": {"ca": False},
        "sans": {"dns_names": ["leaf.example"]},
    }
    issuer = (subjects.parse("CN=Root, O=Example"), root_key)
    leaf = x509tools.issue({"x509_props": leaf_props}, key, 1700000000, issuer=issuer)
    return key, leaf, root


def pem(*parts: Any) -> str:
    blocks = []
    for part in parts:
        if isinstance(part, x509.Certificate):
            blocks.append(part.public_bytes(serialization.Encoding.PEM))
        else:
            blocks.append(
                part.private_bytes(
                    serialization.Encoding.PEM,
                    serialization.PrivateFormat.TraditionalOpenSSL,
                    serialization.NoEncryption(),
                )
            )
    return b"".join(blocks).decode()


def signed(csr: x509.CertificateSigningRequest) -> str:
    key, leaf, _ = chain()
    made = (
        x509.CertificateBuilder(leaf.subject, csr.subject, csr.public_key(), 7)
        .not_valid_before(leaf.not_valid_before_utc)
        .not_valid_after(leaf.not_valid_after_utc)
        .sign(key, hashes.SHA256())
    )
    return base64.b64encode(x509tools.der(made)).decode()
