"""The data plane's API versions, in their order.

Key Vault REST: every call names one; later versions add operations and fields, none takes any away.
"""

API_VERSIONS = (
    "2016-10-01",
    "7.0",
    "7.1",
    "7.2",
    "7.3",
    "7.4",
    "7.5",
    "7.6",
    "2025-07-01",
    "2026-04-01",
)
RANK = {version: rank for rank, version in enumerate(API_VERSIONS)}


def reaches(version: str, since: str) -> bool:
    """Whether a version has what came with another."""
    return RANK[version] >= RANK[since]
