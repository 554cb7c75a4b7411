"""manage.py set_password: set a new password for a person who has forgotten theirs."""

from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.views.decorators.debug import sensitive_variables

from vaults.actions import accounts
from vaults.audit.appending import AuditUnavailable
from vaults.models import User


class Command(BaseCommand):
    help = "Set somebody's password, which is asked for twice, and end their sessions. It is recorded in their teams."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="the e-mail address they sign in with")

    @sensitive_variables("password")
    def handle(self, *_: Any, **options: Any) -> None:
        user = User.objects.filter(email=options["email"].strip().lower()).first()
        if user is None:
            raise CommandError("There is no account with this e-mail address.")
        password = self.typed(f"New password for {user.email}: ")
        if password != self.typed("The same once more: "):
            raise CommandError("The two are not the same. Nothing was changed.")
        try:
            accounts.set_password(user, password)
        except ValidationError as refusal:
            raise CommandError(f"{' '.join(refusal.messages)} Nothing was changed.") from None
        except AuditUnavailable:
            raise CommandError("The audit trail can't be written, so nothing was changed.") from None
        self.stdout.write("The password is set, and their sessions have ended. Let them change it after they sign in.")

    def typed(self, prompt: str) -> str:
        return getpass(prompt)
