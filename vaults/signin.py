"""Signing in, confirming, changing the password: by invitation only, and counted."""

from collections.abc import Callable
from functools import partial

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.debug import sensitive_variables

from vaults import guesses
from vaults.guesses import Source, TooManyGuesses
from vaults.known_browsers import browser_id
from vaults.models import Guess, User

log = structlog.get_logger("vaults.signin")


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    def is_open_for_signup(self, _request: HttpRequest) -> bool:
        return False

    @sensitive_variables("credentials")
    def authenticate(self, request: HttpRequest, **credentials: str) -> User | None:
        """Whose password it is. Raises ValidationError where none is looked at now."""
        email = credentials["email"]
        known = User.objects.filter(email=email.strip().lower()).first()
        guess = self._begin(email, source_of_sign_in(request, known))
        user: User | None = super().authenticate(request, **credentials)
        if user is None:
            afterwards(request, partial(wrong_password, guess, known))
        else:
            guess.delete()
        return user

    @sensitive_variables("password")
    def reauthenticate(self, user: User, password: str) -> bool:
        """Somebody signed in confirms that it is still them. Raises ValidationError where no password is looked at now."""
        return self.is_password(user, password)

    @sensitive_variables("password")
    def is_password(self, user: User, password: str) -> bool:
        """The running session has a limit of its own: it is not locked by what others guess."""
        session = context.request.session.session_key or ""
        guess = self._begin(user.email, Source("session", session))
        if not user.check_password(password):
            afterwards(context.request, partial(wrong_password, guess, user))
            return False
        guess.delete()
        return True

    def _begin(self, email: str, source: Source) -> Guess:
        try:
            return guesses.begin(email, source)
        except TooManyGuesses:
            log.warning("a password was not looked at: too many wrong ones", source=source.kind)
            error: ValidationError = self.validation_error("too_many_login_attempts")
            raise error from None


AFTERWARDS = "kvportal.afterwards"


def afterwards(request: HttpRequest, work: Callable[[], None]) -> None:
    """Do something once the answer is out, so that the time it takes tells a stranger nothing."""
    request.META.setdefault(AFTERWARDS, []).append(work)


def work_afterwards(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Hand what is left to do to the answer, which the server closes when it has sent it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response._resource_closers.extend(request.META.pop(AFTERWARDS, []))  # type: ignore[attr-defined]  # not in the stubs
        return response

    return middleware


def source_of_sign_in(request: HttpRequest, user: User | None) -> Source:
    browser = browser_id(request, user) if user else None
    return Source("browser", browser) if browser else guesses.address_source(request.META.get("REMOTE_ADDR", ""))


def wrong_password(guess: Guess, user: User | None) -> None:
    """What was typed for an e-mail address is not written down where there is no such account: it may be a password."""
    count = guesses.at_account(guess)
    log.warning("a wrong password", user=str(user.pk) if user else None, guesses=count)
    if count >= guesses.ACCOUNT.amount:
        log.error("an account is being guessed at", user=str(user.pk) if user else None, guesses=count)
