"""Requests for scans of the version before become jobs, in the names of the people who asked."""

from typing import Any

import pytest
from django.utils import timezone

from tests.migrating import database_at, migrate_to

BEFORE, AFTER = "0016_item_locks_and_scan_owner", "0018_vault_without_requester"


@pytest.mark.django_db(transaction=True)
def test_requests_of_the_version_before() -> None:
    with database_at(BEFORE) as old:
        _fill(old)
        new = migrate_to(AFTER)
        jobs = new.get_model("vaults", "Job").objects.order_by("requested_by__email")
        found = [(job.requested_by.email, sorted(item.label for item in job.items.all())) for job in jobs]
        assert found == [("a@example.com", ["kv-0", "kv-1"]), ("b@example.com", ["kv-2"])]
        vaults = new.get_model("vaults", "Vault").objects
        assert vaults.filter(scan_requested_at__isnull=False).count() == 4
        item = new.get_model("vaults", "JobItem").objects.get(label="kv-0")
        assert (item.key, item.vault.name, item.state) == (f"scan:{item.vault.pk}", "kv-0", "waiting")


def _fill(old: Any) -> None:
    """Two vaults that a person asked for, one that another did, one that the portal did, and one that nobody did."""
    users = [old.get_model("vaults", "User").objects.create(email=f"{name}@example.com") for name in "ab"]
    team = old.get_model("vaults", "Team").objects.create(name="Shop")
    for number, by in enumerate([users[0], users[0], users[1], None, None]):
        old.get_model("vaults", "Vault").objects.create(
            team=team,
            cloud="azure",
            host=f"kv-{number}.test",
            name=f"kv-{number}",
            slug=f"kv-{number}",
            scan_requested_at=timezone.now() if number < 4 else None,
            scan_requested_by=by,
        )
