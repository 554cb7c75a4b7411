"""Sign in, confirm, change the password, sign out: by invitation only, with limited guesses, and recorded."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from math import ceil
from typing import Any, ClassVar

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from django.contrib import messages
from django.contrib.auth.signals import user_logged_out
from django.core.exceptions import ValidationError
from django.db import Error
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from vaults import guesses
from vaults.access import Installation, Target
from vaults.actions import teams
from vaults.actors import Actor, Person, Stranger, System
from vaults.acts import act
from vaults.audit import recording
from vaults.audit.appending import AuditUnavailable
from vaults.guesses import TooManyGuesses
from vaults.known_browsers import browser_id
from vaults.models import AuditEntry, Guess, Team, User
from vaults.permissions import Action

log = structlog.get_logger("vaults.signin")


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": "The e-mail address or the password is not right.",
        "incorrect_password": "This is not your password.",
        "enter_current_password": "This is not your current password.",
    }

    def is_open_for_signup(self, _request: HttpRequest) -> bool:
        return False

    @sensitive_variables("credentials")
    def authenticate(self, request: HttpRequest, **credentials: str) -> User | None:
        """The user with these credentials. Raises ValidationError if the limit of guesses is reached."""
        email = credentials["email"]
        known = User.objects.filter(email=email.strip().lower()).first()
        guess = self._begin(email, source_of_sign_in(request, known))
        user: User | None = super().authenticate(request, **credentials)
        if user is None:
            afterwards(request, partial(wrong_password, guess, known, Action.ACCOUNT_SIGN_IN))
        else:
            guess.delete()
        return user

    @sensitive_variables("password")
    def reauthenticate(self, user: User, password: str) -> bool:
        """A signed-in person confirms their password. Raises ValidationError if the limit of guesses is reached."""
        return self.is_password(user, password, Action.ACCOUNT_CONFIRM)

    @sensitive_variables("password")
    def is_password(self, user: User, password: str, action: Action) -> bool:
        """True if the password is correct. The session has its own limit, so guesses of others do not lock it."""
        session = context.request.session.session_key or ""
        guess = self._begin(user.email, guesses.Source("session", session))
        if not user.check_password(password):
            afterwards(context.request, partial(wrong_password, guess, user, action, Person(user)))
            return False
        guess.delete()
        if action is Action.ACCOUNT_CONFIRM:
            self.record_confirmation(user)
        return True

    def record_confirmation(self, user: User) -> None:
        with in_record(Person(user), user, Action.ACCOUNT_CONFIRM):
            pass

    @sensitive_variables("password")
    def is_joiners_password(self, user: User, password: str, team: Team) -> bool:
        """Check the password of a person who joins a team with an existing account.

        It counts like a sign-in. A wrong one is recorded in that team too.
        """
        guess = self._begin(user.email, source_of_sign_in(context.request, user))
        if not user.check_password(password):
            afterwards(context.request, partial(wrong_password, guess, user, Action.MEMBER_JOIN, joining=team))
            return False
        guess.delete()
        return True

    def _begin(self, email: str, source: guesses.Source) -> Guess:
        try:
            return guesses.begin(email, source)
        except TooManyGuesses as limit:
            log.warning("a password was not looked at: too many wrong ones", source=source.kind)
            minutes = ceil(limit.wait / timedelta(minutes=1))
            raise ValidationError(
                f"Too many wrong passwords. Wait {minutes} minute{'s' if minutes != 1 else ''}, then try again.",
                code="too_many_login_attempts",
            ) from None

    def login(self, request: HttpRequest, user: User) -> None:
        browser = "known" if browser_id(request, user) else "new"
        with in_record(Person(user), user, Action.ACCOUNT_SIGN_IN, browser=browser):
            super().login(request, user)

    def logout(self, request: HttpRequest) -> None:
        """Sign out. This works also if the record can't be written."""
        user = request.user
        super().logout(request)
        if isinstance(user, User):
            with suppress(AuditUnavailable), in_record(Person(user), user, Action.ACCOUNT_SIGN_OUT):
                pass

    @sensitive_variables("password")
    def set_password(self, user: User, password: str) -> None:
        """Change the password and withdraw the user's open invitations: a person who knew the old password may have made some."""
        actor = Person(user)
        with in_record(actor, user, Action.ACCOUNT_PASSWORD), teams.withdrawing_own(user, actor) as withdrawn:
            super().set_password(user, password)
        if withdrawn:
            invitations = (
                "1 open invitation of yours was" if withdrawn == 1 else f"{withdrawn} open invitations of yours were"
            )
            messages.success(context.request, f"{invitations} withdrawn: invite again, if it was you.")


@receiver(user_logged_out)
def session_ended(request: HttpRequest, user: User | None, **_: Any) -> None:
    """Record a session that the portal ended by itself; the session middleware stores the cause in the request."""
    cause = request.META.pop("kvportal.session_ended", None)
    if cause and user:
        with (
            suppress(AuditUnavailable, Error),
            in_record(System(), user, Action.ACCOUNT_SESSION_END, cause=cause),
        ):
            pass


AFTERWARDS = "kvportal.afterwards"


def afterwards(request: HttpRequest, work: Callable[[], None]) -> None:
    """Do some work after the response is sent, so that its duration tells a stranger nothing."""
    request.META.setdefault(AFTERWARDS, []).append(work)


def work_afterwards(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: attach the remaining work to the response. The server runs it when it closes the sent response."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response._resource_closers.extend(request.META.pop(AFTERWARDS, []))  # type: ignore[attr-defined]  # not in the stubs
        return response

    return middleware


def source_of_sign_in(request: HttpRequest, user: User | None) -> guesses.Source:
    browser = browser_id(request, user) if user else None
    return (
        guesses.Source("browser", browser) if browser else guesses.address_source(request.META.get("REMOTE_ADDR", ""))
    )


@contextmanager
def in_record(actor: Actor, user: User, action: Action, **detail: Any) -> Iterator[None]:
    """Record an act on a person's account, in the installation's chain. Raises AuditUnavailable."""
    with act(actor, action, Installation(), name=user.email, **detail):
        yield


def wrong_password(
    guess: Guess, user: User | None, action: Action, actor: Actor | None = None, joining: Team | None = None
) -> None:
    """Log every wrong password, and record those that are news.

    If there is no such account, the typed e-mail address is not logged: it may be a password.
    """
    count = guesses.at_account(guess)
    log.warning("a wrong password", user=str(user.pk) if user else None, act=str(action), guesses=count)
    if count >= guesses.ACCOUNT.amount:
        log.error("an account is being guessed at", user=str(user.pk) if user else None, guesses=count)
    if user is None:
        return
    try:
        if guesses.is_news(guess):
            targets: list[Target] = [Installation(), *([joining] if joining else [])]
            for target in targets:
                record_refused(actor or Stranger(), target, user, action, count)
        if count == guesses.ACCOUNT.amount and not alarmed(user):  # later guesses are refused, or from known sources
            record_refused(Stranger(), Installation(), user, Action.ACCOUNT_GUESSED, count)
    except (AuditUnavailable, Error):
        log.exception("a wrong password could not be recorded")


def record_refused(actor: Actor, target: Target, user: User, action: Action, count: int) -> None:
    with suppress(recording.WrongPassword), act(actor, action, target, name=user.email, count=count):
        raise recording.WrongPassword


def alarmed(user: User) -> bool:
    """True if the alarm was already recorded within the last hour."""
    since = timezone.now() - guesses.ACCOUNT.within
    alarms = AuditEntry.objects.filter(team_id=None, action=Action.ACCOUNT_GUESSED, name=user.email)
    return alarms.filter(at__gt=since).exists()
