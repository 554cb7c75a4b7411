"""manage.py first_owner: a new one-time link for the first owner."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from vaults import setup


class Command(BaseCommand):
    help = "Print a new one-time link that makes its holder the first owner."

    def handle(self, *_: Any, **__: Any) -> None:
        if setup.has_owner():
            raise CommandError("There is an owner already; owners invite others on the team's page.")
        self.stdout.write(setup.first_owner_link())
