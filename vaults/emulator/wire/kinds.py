"""The three kinds of object that a vault keeps, and their names in paths, texts and error codes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """`collection` and `deleted` are words of paths, `noun` and `title` words of messages, the others error codes."""

    collection: str
    deleted: str
    noun: str
    title: str
    not_found: str
    disabled: str
    managed: str


SECRET = Kind(
    "secrets", "deletedsecrets", "secret", "Secret", "SecretNotFound", "SecretDisabled", "SecretManagedByKeyVault"
)
KEY = Kind("keys", "deletedkeys", "key", "Key", "KeyNotFound", "KeyDisabled", "KeyManagedByKeyVault")
CERTIFICATE = Kind(
    "certificates",
    "deletedcertificates",
    "certificate",
    "Certificate",
    "CertificateNotFound",
    "CertificateDisabled",
    "CertificateManagedByKeyVault",
)

KINDS = {kind.collection: kind for kind in (SECRET, KEY, CERTIFICATE)}
