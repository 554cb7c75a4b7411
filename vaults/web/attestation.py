"""The attestation of a key as files."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from vaults.keyvault.since import ATTESTATION_SINCE, is_since
from vaults.keyvault.types import KeyAttestation
from vaults.models import Vault

BINARY = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class AttestationPart:
    """One part of an attestation as a file."""

    name: str
    label: str
    ending: str
    content_type: str
    content: bytes


def why_no_attestation(vault: Vault) -> str:
    """Why the vault's connection knows no attestation; "" if it does."""
    version = vault.connection.api_version
    if is_since(version, ATTESTATION_SINCE):
        return ""
    return f"This connection uses API version {version}. Attestation exists from {ATTESTATION_SINCE} on."


def attestation_parts(found: KeyAttestation) -> Sequence[AttestationPart]:
    """The parts that are there, and all of them together as Key Vault sent them."""
    whole = (json.dumps(dict(found.members), indent=2) + "\n").encode()
    parts = [
        AttestationPart(
            "private", "Statement about the private key", "private-attestation.bin", BINARY, found.private_key
        ),
        AttestationPart("public", "Statement about the public key", "public-attestation.bin", BINARY, found.public_key),
        AttestationPart(
            "certificates", "Certificates of the HSM", "attestation.pem", "application/x-pem-file", found.certificates
        ),
        AttestationPart("all", "All of it, as Key Vault sends it", "attestation.json", "application/json", whole),
    ]
    return [part for part in parts if part.content]
