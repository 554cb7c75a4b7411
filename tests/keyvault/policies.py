"""A certificate policy, as we write it and as Azure does."""

from __future__ import annotations

from vaults.keyvault.types import CertificatePolicy

POLICY_JSON = {
    "key_props": {"exportable": True, "kty": "RSA", "key_size": 2048, "reuse_key": False},
    "secret_props": {"contentType": "application/x-pkcs12"},
    "x509_props": {
        "subject": "CN=*.microsoft.com",
        "sans": {"dns_names": ["onedrive.microsoft.com", "xbox.microsoft.com"]},
    },
    "issuer": {"name": "Self"},
}
POLICY = CertificatePolicy(
    issuer_name="Self",
    subject="CN=*.microsoft.com",
    dns_names=("onedrive.microsoft.com", "xbox.microsoft.com"),
    exportable=True,
    key_type="RSA",
    key_size=2048,
    reuse_key=False,
    content_type="application/x-pkcs12",
)
