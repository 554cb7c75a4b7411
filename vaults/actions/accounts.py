"""Account changes made by a command on the server: set a new password for a person who has forgotten theirs."""

from django.contrib.auth.password_validation import validate_password
from django.views.decorators.debug import sensitive_variables

from vaults import signin
from vaults.actions import teams
from vaults.actors import Command
from vaults.models import User
from vaults.permissions import Action


@sensitive_variables("password")
def set_password(user: User, password: str) -> None:
    """Set the password. This ends the person's sessions, known browsers and open invitations.

    Raises ValidationError, AuditUnavailable.
    """
    validate_password(password, user)
    with (
        signin.in_record(Command(), user, Action.ACCOUNT_PASSWORD),
        teams.withdrawing_own(user, Command()),
    ):
        user.set_password(password)
        user.save(update_fields=["password"])
