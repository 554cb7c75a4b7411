"""The cause of a vault's error, from its codes and its text.

The inner code alone is not enough: `ForbiddenByPolicy` covers access policies, Azure Policy and on-behalf-of,
`ForbiddenByRbac` includes deny assignments, and some refusals have no inner code at all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Literal

from vaults.azure.errors import AzureError, BadRequest, Forbidden, NotFound, ServiceError

Cause = Literal[
    "access_policy",
    "role",
    "deny_assignment",
    "azure_policy",
    "on_behalf_of",
    "firewall",
    "private_link",
    "perimeter",
    "disabled",
    "managed",
    "key_operation",
    "dates",
    "ended",
    "issuer_at_work",
    "other",
]
#: The only causes that granting a permission removes.
MISSING_PERMISSION: Final = frozenset({"access_policy", "role"})
#: Refused because of the caller's network, before the operation was checked.
NETWORK: Final = frozenset({"firewall", "private_link", "perimeter"})

_ITEM = "(secret|key|certificate)"
#: Cause, and the pattern for the inner code or the text. The first match is used.
_SIGNS: Final[Sequence[tuple[Cause, str]]] = (
    ("perimeter", r"ForbiddenBy(Nsp|NetworkSecurityPerimeter)|network security perimeter"),
    ("private_link", r"^ForbiddenByConnection$|public network access is disabled|approved private (link|endpoint)"),
    ("firewall", r"^ForbiddenByFirewall$|client address is not authorized"),
    ("deny_assignment", r"DeniedByDenyAssignment|DenyAssignmentId: *'?[0-9a-f/]{8}|deny assignment"),
    ("managed", r"ManagedByKeyVault$|managed by key ?vault|\bmanaged (secret|key)\b"),
    ("disabled", rf"^{_ITEM}Disabled$|\bdisabled {_ITEM}\b|\b{_ITEM} is disabled"),
    ("key_operation", r"^KeyOperationForbidden$|is not permitted on this key"),
    ("dates", rf"\bexpired {_ITEM}\b|not yet valid|\b{_ITEM} (is|has) expired"),
    ("issuer_at_work", r"merge is forbidden on pending"),
    ("ended", r"pending status must be in progress"),
    ("on_behalf_of", r"on-behalf-of"),
    ("access_policy", r"does not have (secrets|keys|certificates) [a-z]+ permission"),
    ("role", r"caller is not authorized to perform action|^ForbiddenByRbac$"),
    ("azure_policy", r"DisallowedByPolicy|(?<!access )\bpolic(y|ies)\b|\bdisallowed\b|\bcomplian"),
    ("access_policy", r"^(AccessDenied|ForbiddenByPolicy)$"),
)
_API_VERSION = re.compile(r"version\b.*\bnot (recognized|supported)", re.IGNORECASE)
_NO_VAULT = re.compile(r"\bvault\b[^.\n]{0,60}\b(does not exist|(could|was) not (be )?found)", re.IGNORECASE)


def cause_of(error: Forbidden) -> Cause:
    """The cause of a 403."""
    for cause, signs in _SIGNS:
        if any(re.search(signs, text, re.IGNORECASE) for text in (error.inner_code, error.words)):
            return cause
    return "other"


def is_about_the_network(error: AzureError) -> bool:
    return isinstance(error, Forbidden) and cause_of(error) in NETWORK


def is_about_the_api_version(error: AzureError) -> bool:
    """True for a 400 about the connection's API version, which does not depend on the operation."""
    return isinstance(error, BadRequest) and _API_VERSION.search(error.words) is not None


def is_about_no_item(error: AzureError) -> bool:
    """True for a 404 that is not about an item: at this address there is no vault, or another one."""
    return isinstance(error, ServiceError) and error.status == 404 and not isinstance(error, NotFound)


def is_about_the_vault(error: AzureError) -> bool:
    """True for a 404 that says that the vault itself does not exist."""
    if not (isinstance(error, ServiceError) and is_about_no_item(error)):
        return False
    return error.code == "VaultNotFound" or _NO_VAULT.search(error.words) is not None
