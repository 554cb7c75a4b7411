"""Errors of a vault, with the texts of the real service.

Source: Key Vault REST, "REST API error codes"; the messages come from recordings and from public reports.
"""

from typing import Any

from vaults.emulator.wire.kinds import Kind

HELP_NOT_FOUND = (
    "If you recently deleted this {noun} you may be able to recover it using the correct recovery command. "
    "For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182"
)


class VaultError(Exception):
    """An error response: HTTP status, code, message and, where the service sends one, the inner code."""

    def __init__(self, status: int, code: str, message: str, inner: str | None = None) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.message = message
        self.inner = inner
        self.headers: list[tuple[str, str]] = []

    def body(self) -> dict[str, Any]:
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.inner is not None:
            error["innererror"] = {"code": self.inner}
        return {"error": error}


def bad_parameter(message: str) -> VaultError:
    return VaultError(400, "BadParameter", message)


def invalid_name(name: str) -> VaultError:
    return bad_parameter(f"The request URI contains an invalid name: {name}")


def unauthorized(message: str, challenge: str) -> VaultError:
    """401 with the challenge that tells a client where to get a token."""
    error = VaultError(401, "Unauthorized", message)
    error.headers.append(("WWW-Authenticate", challenge))
    return error


def not_found(kind: Kind, identifier: str) -> VaultError:
    """`identifier` is the name, or name and version for a version."""
    message = f"A {kind.noun} with (name/id) {identifier} was not found in this key vault. "
    return VaultError(404, kind.not_found, message + HELP_NOT_FOUND.format(noun=kind.noun))


def deleted_not_found(kind: Kind, name: str) -> VaultError:
    return VaultError(404, kind.not_found, f"Deleted {kind.title} not found: {name}")


def being_deleted(kind: Kind, name: str) -> VaultError:
    """Recover or purge of an object whose deletion has not settled."""
    return VaultError(409, "Conflict", f"{kind.title} {name} is currently being deleted.", "ObjectIsBeingDeleted")


def name_being_deleted(kind: Kind, name: str) -> VaultError:
    """A new object under the name of one whose deletion or purge has not settled."""
    message = f"{kind.title} {name} is currently being deleted and cannot be re-created; retry later."
    return VaultError(409, "Conflict", message, "ObjectIsBeingDeleted")


def being_recovered(kind: Kind, name: str) -> VaultError:
    return VaultError(409, "Conflict", f"{kind.title} {name} is currently being recovered.", "ObjectIsBeingRecovered")


def deleted_but_recoverable(kind: Kind, name: str) -> VaultError:
    message = (
        f"{kind.title} {name} is currently in a deleted but recoverable state, and its name cannot be "
        f"reused; in this state, the {kind.noun} can only be recovered or purged."
    )
    return VaultError(409, "Conflict", message, "ObjectIsDeletedButRecoverable")


def exists_already(kind: Kind, name: str) -> VaultError:
    """Recover of an object that is back already."""
    message = f"{kind.title} exists already: {name}"
    return VaultError(400, "MethodNotAllowed", message, "RequestNotAllowedOnNonDeletedObject")


def managed(kind: Kind, operation: str) -> VaultError:
    """A change of a managed key or secret that does not go through its certificate."""
    message = f'Operation "{operation}" is not allowed as this object\'s lifetime is managed by Key Vault.'
    return VaultError(403, "Forbidden", message, kind.managed)


def disabled(kind: Kind, operation: str) -> VaultError:
    message = f"Operation {operation} is not allowed on a disabled {kind.noun}."
    return VaultError(403, "Forbidden", message, kind.disabled)


def restore_conflict(kind: Kind, identifier: str) -> VaultError:
    """`identifier` is the URL of the newest version in the blob."""
    noun = kind.noun
    message = (
        f"There was a conflict restoring the {noun} '{identifier}'. This can happen if either: a second "
        f"{noun} with the same name was created after the first {noun} was deleted; thus trying to restore a "
        f"{noun} whose name is already in use. To fix this, rename the second {noun} to something else so "
        "that the restore works. The second probable cause of this exception is when multiple operations "
        f"are performed in parallel against the {noun}. To avoid this error, perform operations against a "
        f"{noun} in a sequential manner."
    )
    return VaultError(409, "Conflict", message)


def purge_protected(kind: Kind, name: str) -> VaultError:
    message = f'Operation "purge" is not allowed on {kind.noun} {name}: purge protection is enabled for this vault.'
    return VaultError(403, "Forbidden", message, "ForbiddenByPurgeProtection")
