"""What an error of a vault is about, judged by its codes and, where those don't tell, by its text.

The inner code alone misleads: `ForbiddenByPolicy` covers access policies, Azure Policy and on-behalf-of, `ForbiddenByRbac`
deny assignments, and some refusals have no inner code at all.
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
    "other",
]
#: Only of these a grant is the cure.
MISSING_PERMISSION: Final = frozenset({"access_policy", "role"})
#: Refused because of where the call came from, before anybody looked what it was about.
NETWORK: Final = frozenset({"firewall", "private_link", "perimeter"})

_ITEM = "(secret|key|certificate)"
#: Cause: what stands in the inner code, or in the text. The first that fits counts.
_SIGNS: Final[Sequence[tuple[Cause, str]]] = (
    ("perimeter", r"ForbiddenBy(Nsp|NetworkSecurityPerimeter)|network security perimeter"),
    ("private_link", r"^ForbiddenByConnection$|public network access is disabled|approved private (link|endpoint)"),
    ("firewall", r"^ForbiddenByFirewall$|client address is not authorized"),
    ("deny_assignment", r"DeniedByDenyAssignment|DenyAssignmentId: *'?[0-9a-f/]{8}|deny assignment"),
    ("managed", r"ManagedByKeyVault$|managed by key ?vault|\bmanaged (secret|key)\b"),
    ("disabled", rf"^{_ITEM}Disabled$|\bdisabled {_ITEM}\b|\b{_ITEM} is disabled"),
    ("key_operation", r"^KeyOperationForbidden$|is not permitted on this key"),
    ("dates", rf"\bexpired {_ITEM}\b|not yet valid|\b{_ITEM} (is|has) expired"),
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
    """Why a vault answered 403."""
    for cause, signs in _SIGNS:
        if any(re.search(signs, text, re.IGNORECASE) for text in (error.inner_code, error.words)):
            return cause
    return "other"


def is_about_the_network(error: AzureError) -> bool:
    return isinstance(error, Forbidden) and cause_of(error) in NETWORK


def is_about_the_api_version(error: AzureError) -> bool:
    """A 400 about the connection's API version, which says nothing of the operation."""
    return isinstance(error, BadRequest) and _API_VERSION.search(error.words) is not None


def is_about_no_item(error: AzureError) -> bool:
    """A 404 that is about no item, so that no vault, or not this one, answers at the address."""
    return isinstance(error, ServiceError) and error.status == 404 and not isinstance(error, NotFound)


def is_about_the_vault(error: AzureError) -> bool:
    """A 404 that says the vault itself is not there."""
    if not (isinstance(error, ServiceError) and is_about_no_item(error)):
        return False
    return error.code == "VaultNotFound" or _NO_VAULT.search(error.words) is not None
