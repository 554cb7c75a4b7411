"""Locks of items: changes of the same item run one after the other, in all processes.

A lock is a row and no transaction, because Azure is called while it is held. The lock of a process that was killed expires.
"""

import hashlib
import random
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import structlog
from django.db import Error, IntegrityError, transaction
from django.utils import timezone

from vaults.azure.errors import TransportError
from vaults.azure.time_limit import time_left
from vaults.models import ItemLock

log = structlog.get_logger("vaults.item_locks")

#: Seconds that a change of an item waits for the change before it.
LOCK_SECONDS = 5.0
#: Longest and shortest pause between two tries, in seconds.
PAUSES = (0.01, 0.05)
#: A lock that is older than this is free: its process was killed. The calls of a change end sooner (`CHANGE_SECONDS`).
EXPIRES_AFTER = timedelta(minutes=2)


@contextmanager
def item_lock(cloud: str, vault: str, kind: str, name: str) -> Iterator[None]:
    """Hold the item's lock during the block. Raises TransportError "busy" if others hold it for LOCK_SECONDS."""
    key, owner = _key(cloud, vault, kind, name), uuid.uuid4()
    _wait_for(key, owner)
    try:
        yield
    finally:
        _release(key, owner)


def _key(*identity: str) -> str:
    """A digest, because a typed name can be longer than a column or contain what no database stores."""
    return hashlib.sha256(repr(identity).lower().encode()).hexdigest()


def _wait_for(key: str, owner: uuid.UUID) -> None:
    until = time.monotonic() + time_left(LOCK_SECONDS)
    while not _take(key, owner):
        if time.monotonic() > until:
            raise TransportError("Another change of this item is under way.", reason="busy")
        time.sleep(random.uniform(*PAUSES))  # noqa: S311 only spreads the tries


def _take(key: str, owner: uuid.UUID) -> bool:
    now = timezone.now()
    held = {"owner": owner, "expires_at": now + EXPIRES_AFTER}
    if ItemLock.objects.filter(key=key).exists():
        return bool(ItemLock.objects.filter(key=key, expires_at__lt=now).update(**held))
    try:
        with transaction.atomic():
            ItemLock.objects.create(key=key, **held)
    except IntegrityError:  # another process was faster
        return False
    return True


def _release(key: str, owner: uuid.UUID) -> None:
    """If the row can't be deleted, the change is done all the same, and the lock expires."""
    try:
        with transaction.atomic():
            ItemLock.objects.filter(key=key, owner=owner).delete()
    except Error:
        log.exception("the lock of an item could not be released")
