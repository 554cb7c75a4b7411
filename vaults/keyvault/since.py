"""What came with which api-version, for pages that say why something is not offered."""

from typing import Final

from vaults.keyvault.operations import API_VERSIONS, OPERATIONS

POLICIES_SINCE: Final = "7.3"
"""The first api-version with export, release policies and rotation of keys."""

ATTESTATION_SINCE: Final = OPERATIONS["GetKeyAttestation"].since


def is_since(api_version: str, first: str) -> bool:
    """True if the api-version is this one or a later one."""
    return API_VERSIONS.index(api_version) >= API_VERSIONS.index(first)
