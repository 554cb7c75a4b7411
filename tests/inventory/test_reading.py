"""Pages read the index while others write it: reading takes no lock."""

import threading

from django.db import transaction

from tests.conftest import World, in_threads
from vaults.inventory import observe
from vaults.models import Vault


def test_reading_the_index_waits_for_no_writer(file_world: World) -> None:
    written, was_read = threading.Event(), threading.Event()

    def write() -> bool:
        with transaction.atomic():
            Vault.objects.filter(pk=file_world.vault.pk).update(scan_items=7)
            written.set()
            return was_read.wait(5)

    def read() -> int | None:
        written.wait(5)
        found = observe.read(lambda: Vault.objects.get().scan_items, None)
        was_read.set()
        return found

    assert in_threads(write, read) == [True, 0]


def test_an_index_that_cannot_be_read_spoils_no_transaction(world: World) -> None:
    """The tests themselves run in a transaction, which PostgreSQL ends at an error unless it is kept apart."""
    assert observe.read(lambda: list(Vault.objects.raw("SELECT id FROM no_such_table")), None) is None
    assert Vault.objects.count() == 1
