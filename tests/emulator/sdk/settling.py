"""Deletions, recoveries and purges take a moment in the local vault too."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from azure.core.exceptions import ResourceExistsError

SETTLE = 0.1  # seconds, as the vault of these tests is told
POLLING = 0.05  # seconds between a client's looks
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


async def settled(work: Callable[[], Awaitable[Any]]) -> Any:
    """What `work` gives once the vault no longer answers with a conflict."""
    for _ in range(100):
        try:
            return await work()
        except ResourceExistsError:
            await asyncio.sleep(POLLING)
    raise AssertionError("The purge did not settle.")
