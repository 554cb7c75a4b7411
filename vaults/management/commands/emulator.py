"""manage.py emulator: the command line of the local Key Vault, with the portal's settings."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from vaults.emulator.control import command_line
from vaults.emulator.control.fields import RefusedError


class Command(BaseCommand):
    help = command_line.HELP

    def add_arguments(self, parser: ArgumentParser) -> None:
        command_line.add_actions(parser)

    def handle(self, *_: Any, **options: Any) -> None:
        chosen = command_line.Settings(
            settings.DATA_DIR / "emulator", settings.EMULATOR_PORT, settings.EMULATOR_CERTIFICATE_SECONDS
        )
        try:
            command_line.run(options, chosen, self.stdout.write)
        except RefusedError as refused:
            raise CommandError(str(refused)) from refused
