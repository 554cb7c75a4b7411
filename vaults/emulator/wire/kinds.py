"""The three kinds of object that a vault keeps."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """How a kind is called in URLs (`secrets`) and in messages (`secret`, `Secret`)."""

    collection: str
    noun: str

    @property
    def title(self) -> str:
        return self.noun.capitalize()

    @property
    def not_found(self) -> str:
        """The error code of a missing one."""
        return f"{self.title}NotFound"


SECRET = Kind("secrets", "secret")
KEY = Kind("keys", "key")
CERTIFICATE = Kind("certificates", "certificate")

KINDS = {kind.collection: kind for kind in (SECRET, KEY, CERTIFICATE)}
