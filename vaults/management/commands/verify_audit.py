"""manage.py verify_audit: read every link of the audit chain."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from vaults import audit


class Command(BaseCommand):
    help = "Verify the audit chain; exits with 1 where an entry was changed, removed or added."

    def handle(self, *_: Any, **__: Any) -> None:
        result = audit.verify()
        if result.broken:
            raise CommandError(f"broken at entry {result.broken}: {result.reason} ({result.count} entries read)")
        self.stdout.write(f"whole: {result.count} entries, each bound to the one before")
