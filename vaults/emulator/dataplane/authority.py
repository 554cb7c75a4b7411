"""Certificate authorities: each issuer of a vault has a simulated one, whose key is generated at its first signature."""

import sqlite3
from dataclasses import dataclass, field

from cryptography import x509

from vaults.emulator.dataplane import subjects, x509tools
from vaults.emulator.dataplane.call import Call
from vaults.emulator.dataplane.issuers import RESERVED
from vaults.emulator.state import keymaterial, public_authority, settings
from vaults.emulator.state.issuers import find_issuer
from vaults.emulator.state.keymaterial import PrivateKey
from vaults.emulator.wire.errors import VaultError


@dataclass(frozen=True, slots=True)
class Signer:
    """Name and key of an issuer, and its certificates; `issuer` None means self-signed. `is_public`: browsers trust it."""

    issuer: tuple[x509.Name, PrivateKey] | None = field(repr=False, default=None)
    chain: tuple[x509.Certificate, ...] = ()
    is_public: bool = False


def check_issuer(db: sqlite3.Connection, call: Call, name: str) -> None:
    """Raise the vault's 404 for an unknown issuer."""
    if name.lower() not in RESERVED and find_issuer(db, call.vault.id, name) is None:
        raise VaultError(404, "CertificateIssuerNotFound", "Issuer not found")


def refusal(db: sqlite3.Connection, call: Call, name: str) -> dict[str, str]:
    """The error of a failed operation, as recorded but for the reason."""
    issuer = find_issuer(db, call.vault.id, name)
    reason = f"The issuer {name} {'is disabled' if issuer else 'was removed'}"
    provider = issuer["provider"] if issuer else "the issuer"
    message = f"The call to {provider} failed with Error code access_denied and Message {reason}."
    return {"code": "Request rejected", "message": message}


def signer(db: sqlite3.Connection, call: Call, name: str) -> Signer | None:
    """The signer for the name of an issuer; None if the issuer has been disabled or removed."""
    if name.lower() in RESERVED:
        return Signer()
    issuer = find_issuer(db, call.vault.id, name)
    if issuer is None or not issuer["attributes"]["enabled"]:
        return None
    subject = f'CN="{issuer["provider"]} emulated CA", O="{name}"'
    setting = f"authority {call.vault.id} {name.lower()}"
    stored = settings.read(db, setting)
    if stored is None:
        key = call.service.new_key("EC", 0, "P-256")
        settings.write(db, setting, keymaterial.dump(key))
    else:
        key = keymaterial.load(stored)
    policy = {
        "x509_props": {
            "subject": subject,
            "ekus": [],
            "key_usage": ["keyCertSign", "cRLSign"],
            "validity_months": 120,
            "basic_constraints": {"ca": True},
        }
    }
    authority = x509tools.issue(policy, key, call.service.clock())
    is_public = issuer["provider"].lower() in public_authority.PROVIDERS
    return Signer((subjects.parse(subject), key), (authority,), is_public)
