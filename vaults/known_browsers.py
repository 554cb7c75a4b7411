"""Known browsers: a browser in which a person has signed in before is not locked out by other people's wrong guesses.

It has a signed cookie for each account. The signature covers the account and its password's hash, so a cookie is invalid for
another account and after a change of the password.
"""

import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from allauth.account.signals import authentication_step_completed, password_changed
from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.core.signing import BadSignature, TimestampSigner
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from vaults.models import User

LIFETIME = timedelta(days=180)


def browser_id(request: HttpRequest, user: User) -> str | None:
    """This browser's id from the account's cookie, if the cookie is valid."""
    try:
        return _signer(user).unsign(request.COOKIES.get(_cookie(user), ""), max_age=LIFETIME)
    except BadSignature:
        return None


@receiver([user_logged_in, authentication_step_completed, password_changed])
def proven(request: HttpRequest | None, user: User, **_: Any) -> None:
    """Note that the password was correct (or is new): the response to this request sets the cookie."""
    if request is not None:
        request.META["kvportal.proven"] = user


def remember(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: set the browser's cookie after the password was proven."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        user = request.META.get("kvportal.proven")
        if user is not None:
            response.set_cookie(
                _cookie(user),
                _signer(user).sign(browser_id(request, user) or secrets.token_urlsafe(16)),
                max_age=LIFETIME,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        return response

    return middleware


def _cookie(user: User) -> str:
    of = salted_hmac("vaults.known_browsers", str(user.pk), algorithm="sha256").hexdigest()[:16]
    return f"{settings.SESSION_COOKIE_NAME}-known-{of}"


def _signer(user: User) -> TimestampSigner:
    return TimestampSigner(salt=f"vaults.known_browsers {user.pk} {user.get_session_auth_hash()}")
