"""manage.py prepare: migrate the database, collect static files, and create the first owner or a link for them."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from vaults import setup
from vaults.audit import chain, verification
from vaults.models import User
from vaults.startup import bind_credentials, check_key_ring, renew_hosts

#: Static files of packages that are not used; to compress them took most of a first start.
UNUSED_STATIC_FILES = ["bootstrap.*", "bootstrap-grid*", "bootstrap*.rtl*", "htmx-4*", "htmax-4*", "ext", "account"]


class Command(BaseCommand):
    help = "Bring database and static files to this version, and say how the first owner gets in."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--local", action="store_true", help="on the first start, store connections to the local vault"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        self.close_data_directory()
        call_command("migrate", verbosity=0, interactive=False)
        call_command("collectstatic", verbosity=0, interactive=False, ignore_patterns=UNUSED_STATIC_FILES)
        try:
            check_key_ring()
            bind_credentials()
        except ImproperlyConfigured as reason:
            raise CommandError(f"kvportal does not start: {reason}") from None
        self.checkpoints()
        renew_hosts()
        team = setup.first_team()
        if options["local"]:
            setup.store_local_connections(team)
        self.first_owner()

    def checkpoints(self) -> None:
        verification.begin_checkpoints()
        try:
            wrong = [chain.standing(each).problem for each in chain.known()]
        except OSError as error:
            wrong = [f"the checkpoint file can't be read: {error.strerror}"]
        for each in filter(None, wrong):
            self.stderr.write(f"kvportal: the audit trail does not fit its checkpoints: {each}")

    def first_owner(self) -> None:
        if setup.has_owner():
            return
        if settings.OWNER_EMAIL and settings.OWNER_PASSWORD:
            self.create_owner()
            self.stdout.write(f"kvportal: {settings.OWNER_EMAIL} is the first owner")
            return
        link = setup.first_owner_link()
        self.stdout.write(f"kvportal: this one-time link makes you the first owner:\n\n    {link}\n")

    def create_owner(self) -> None:
        """Raises CommandError if the password would be refused on the page, too."""
        try:
            validate_password(settings.OWNER_PASSWORD, User(email=settings.OWNER_EMAIL))
        except ValidationError as refused:
            raise CommandError(f"KVPORTAL_OWNER_PASSWORD can't be used: {' '.join(refused.messages)}") from None
        setup.create_owner(settings.OWNER_EMAIL, settings.OWNER_PASSWORD)

    def close_data_directory(self) -> None:
        """Make the data directory accessible to this account only, also if it was created with more rights."""
        directory = settings.DATA_DIR
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not directory.stat().st_mode & 0o077:
            return
        try:
            directory.chmod(0o700)
        except OSError as error:  # a volume owned by another account
            self.stderr.write(
                f"kvportal: others may look into {directory}, and that can't be changed: {error.strerror}"
            )
