"""Signing in by the form, from any address, as often as somebody who guesses."""

from typing import Any

from django.test import Client

from tests.browsing import text_of
from tests.conftest import PASSWORD

LOGIN, CONFIRM, CHANGE = "/account/login/", "/account/reauthenticate/", "/account/password/change/"
ATTACKER, HOME = "198.51.100.7", "192.0.2.20"


def sign_in(client: Client, email: str, password: str, address: str = "127.0.0.1", **more: Any) -> Any:
    return client.post(LOGIN, {"login": email, "password": password}, REMOTE_ADDR=address, **more)


def was_tried(answer: Any) -> bool:
    """Was the password looked at, or the guess turned away before that?"""
    return answer.status_code == 200 and "Too many wrong passwords" not in text_of(answer)


def gets_in(client: Client, email: str, address: str, password: str = PASSWORD) -> bool:
    return bool(sign_in(client, email, password, address).status_code == 302)


def guesses(email: str, number: int, address: str = ATTACKER, **more: Any) -> int:
    """How many of so many wrong passwords are looked at."""
    return sum(was_tried(sign_in(Client(), email, f"guess {n}", address, **more)) for n in range(number))


def confirm(client: Client) -> None:
    """Type the password once more, which stands in the record."""
    assert client.post(CONFIRM, {"password": PASSWORD}).status_code == 302
