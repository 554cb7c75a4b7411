"""The API versions of the data plane, in their order.

Source: Key Vault REST. Each request has one; later versions only add operations and members. A preview is treated as the
stable version that followed it: `7.6-preview.2` as 7.6, `2025-06-01-preview` as 2025-07-01.
"""

import re
from functools import lru_cache

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
DATED = re.compile(r"\d{4}-\d{2}-\d{2}")
FIRST_DATED_PREVIEW = "2025-01-01"  # earlier versions have numbers, except the first
NUMBERED_PREVIEW = re.compile(r"(7\.\d)-preview(?:\.\d)?")
DATED_PREVIEW = re.compile(rf"({DATED.pattern})-preview")


@lru_cache(maxsize=200)
def stable(version: str) -> str:
    """The stable version that a version is treated as. Raises LookupError for an unknown one."""
    if version in RANK:
        return version
    if match := NUMBERED_PREVIEW.fullmatch(version):
        found = match[1] if match[1] in RANK else None
    elif (match := DATED_PREVIEW.fullmatch(version)) and match[1] >= FIRST_DATED_PREVIEW:
        found = next((each for each in API_VERSIONS if DATED.fullmatch(each) and each >= match[1]), None)
    else:
        found = None
    if found is None:
        raise LookupError(f"There is no API version {version}.")
    return found


def reaches(version: str, since: str) -> bool:
    """Whether a version, stable or not, is a stable version or later."""
    return RANK[stable(version)] >= RANK[since]
