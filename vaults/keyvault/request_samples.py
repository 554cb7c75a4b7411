"""One sample body for each operation that takes one, for "By hand" and for the Postman collection.

What is a value, a password or a private key, and what differs from case to case, is a variable: `{{secret_value}}`.
Key Vault REST: the request body of each operation; tests compare all samples with Microsoft's specification.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final

from vaults.azure.json_values import Json

VARIABLE: Final = re.compile(r"\{\{(\w+)\}\}")

_ENABLED: Final = {"attributes": {"enabled": True}}
_TAGGED: Final = {**_ENABLED, "tags": {"owner": "team"}}
_KEY_OPS: Final = ["encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"]
_POLICY: Final = {
    "issuer": {"name": "Self"},
    "key_props": {"exportable": True, "kty": "RSA", "key_size": 2048, "reuse_key": False},
    "secret_props": {"contentType": "application/x-pkcs12"},
    "x509_props": {
        "subject": "CN=shop.example",
        "sans": {"dns_names": ["shop.example"]},
        "ekus": ["1.3.6.1.5.5.7.3.1"],
        "validity_months": 12,
    },
}
_MAIL_BEFORE_EXPIRY: Final = [{"trigger": {"days_before_expiry": 30}, "action": {"action_type": "EmailContacts"}}]
_OAEP: Final = {"alg": "RSA-OAEP-256"}

BODIES: Final[Mapping[str, Json]] = {
    "SetSecret": {"value": "{{secret_value}}", "contentType": "text/plain", **_TAGGED},
    "UpdateSecret": {"contentType": "text/plain", **_TAGGED},
    "RestoreSecret": {"value": "{{secret_backup}}"},
    "CreateKey": {"kty": "RSA", "key_size": 2048, "key_ops": _KEY_OPS, **_TAGGED},
    "ImportKey": {
        "key": {"kty": "EC", "crv": "P-256", "x": "{{jwk_x}}", "y": "{{jwk_y}}", "d": "{{jwk_d}}"},
        **_TAGGED,
    },
    "UpdateKey": {"key_ops": _KEY_OPS, **_TAGGED},
    "RestoreKey": {"value": "{{key_backup}}"},
    "encrypt": {**_OAEP, "value": "{{plaintext}}"},
    "decrypt": {**_OAEP, "value": "{{ciphertext}}"},
    "sign": {"alg": "RS256", "value": "{{digest}}"},
    "verify": {"alg": "RS256", "digest": "{{digest}}", "value": "{{signature}}"},
    "wrapKey": {**_OAEP, "value": "{{plaintext}}"},
    "unwrapKey": {**_OAEP, "value": "{{wrapped_key}}"},
    "UpdateKeyRotationPolicy": {
        "lifetimeActions": [
            {"trigger": {"timeBeforeExpiry": "P60D"}, "action": {"type": "Rotate"}},
            {"trigger": {"timeBeforeExpiry": "P30D"}, "action": {"type": "Notify"}},
        ],
        "attributes": {"expiryTime": "P1Y"},
    },
    "release": {"target": "{{attestation_token}}", "enc": "RSA_AES_KEY_WRAP_256"},
    "securewrapkey": _OAEP,
    "secureunwrapkey": {**_OAEP, "value": "{{wrapped_key}}", "target": "{{attestation_token}}"},
    "CreateCertificate": {"policy": _POLICY, **_TAGGED},
    "ImportCertificate": {"value": "{{pfx_base64}}", "pwd": "{{pfx_password}}", **_TAGGED},
    "UpdateCertificate": _TAGGED,
    "UpdateCertificatePolicy": {"lifetime_actions": _MAIL_BEFORE_EXPIRY},
    "RestoreCertificate": {"value": "{{certificate_backup}}"},
    "UpdateCertificateOperation": {"cancellation_requested": True},
    "MergeCertificate": {"x5c": ["{{signed_certificate_base64}}"]},
    "SetCertificateContacts": {"contacts": [{"email": "pki@shop.example", "name": "Shop team"}]},
    "SetCertificateIssuer": {
        "provider": "DigiCert",
        "credentials": {"account_id": "{{issuer_account}}", "pwd": "{{issuer_password}}"},
        "org_details": {"id": "{{issuer_organization}}"},
        **_ENABLED,
    },
    "UpdateCertificateIssuer": _ENABLED,
    "GetRandomBytes": {"count": 32},
}


def sample_text(body: Json, placeholder: str | None = None) -> str:
    """The body as JSON; with a placeholder, that stands where a variable is."""
    text = json.dumps(body, indent=2, ensure_ascii=False)
    return text if placeholder is None else VARIABLE.sub(lambda _: placeholder, text)


def variables_in(text: str) -> list[str]:
    """The names of the variables, each once, in their order."""
    return list(dict.fromkeys(VARIABLE.findall(text)))
