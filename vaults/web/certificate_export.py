"""What is known of a certificate before its managed secret is read, and the az commands that do the same."""

import base64
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from vaults import az_clouds
from vaults.keyvault.types import Certificate
from vaults.models import Vault

PFX_TYPE = "application/x-pkcs12"


@dataclass(frozen=True, slots=True)
class Command:
    """`what`: a few words about what it does."""

    what: str
    text: str


def base64url(thumbprint: str) -> str:
    """A thumbprint in hex as the x5t or x5t#S256 of a JWK (RFC 7517)."""
    return base64.urlsafe_b64encode(bytes.fromhex(thumbprint)).decode().rstrip("=")


def commands_of(vault: Vault, certificate: Certificate) -> Sequence[Command]:
    """The public part, and the managed secret as it is stored: az neither converts nor encrypts it."""
    name, version = certificate.properties.name, certificate.properties.version
    is_pem = bool(certificate.policy and certificate.policy.content_type not in (None, PFX_TYPE))
    file, encoding = (f"{name}.pem", "utf-8") if is_pem else (f"{name}.pfx", "base64")
    public = _download(vault, "certificate", name, version, f"{name}.cer", "DER")
    whole = _download(vault, "secret", name, version, file, encoding)
    return [
        Command("the certificate alone", az_clouds.in_cloud(vault.connection, public)),
        Command("key and chain as they are stored, without a password", az_clouds.in_cloud(vault.connection, whole)),
    ]


def _download(vault: Vault, kind: str, name: str, version: str, file: str, encoding: str) -> str:
    identifier = shlex.quote(f"https://{vault.host}/{kind}s/{name}/{version}")
    return f"az keyvault {kind} download --id {identifier} --file {shlex.quote(file)} --encoding {encoding}"
