"""Reading the environment: every variable once, all mistakes in one message.

Each `KVPORTAL_X` may also be given as `KVPORTAL_X_FILE`, the path of a file that holds it. What stands empty is not there.
"""

import os
import re
import ssl
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import cast

from environs import Env, EnvValidationError, FileAwareEnv, ValidationError

PREFIX = "KVPORTAL_"
#: Set by `make run` for its children: this is no deployment.
TRIAL = "KVPORTAL_TRIAL"
#: Django's own rule.
SHORTEST_SECRET_KEY = 50
SHORTEST_AUDIT_KEY = 32
#: Of examples and of keys that were to be replaced. No key that was made at random holds one.
PLACEHOLDER = re.compile(r"change.?me|django-insecure|password|please|replace.?(me|this)|your.?key", re.IGNORECASE)


def drop_empty() -> None:
    """Take empty variables out of the environment: Docker Compose hands on what nobody set (`${X:-}`) as an empty text, and
    `docker run --env-file` with the quotes of its file. To be called before anything of the environment is read.
    """
    for name, value in list(os.environ.items()):
        if name.startswith(PREFIX) and not value.strip(" \t\r\n\"'"):
            del os.environ[name]


@contextmanager
def reading() -> Iterator[Env]:
    """A reader that collects what is missing or wrong; at the end it says so and nothing starts."""
    drop_empty()
    env = FileAwareEnv(prefix=PREFIX, strip_whitespace=True, eager=False, expand_vars=False)
    yield env
    try:
        env.seal()
    except EnvValidationError as error:
        wrong = cast(dict[str, list[str]], error.error_messages)
        lines = [f"  {name}: {' '.join(reasons)}" for name, reasons in wrong.items()]
        sys.exit("\n".join(["kvportal does not start: the environment is not right", *lines]))


def hard_to_guess(shortest: int) -> Callable[[str], None]:
    """A check of a key that is a text: whoever guesses the one that signs sessions is signed in as anybody, whoever guesses
    that of the audit trail writes what he likes into it.
    """

    def check(key: str) -> None:
        bare = "".join(key.split())
        if len(bare) < shortest or variety(bare) < shortest * 3 // 4 or PLACEHOLDER.search(key):
            raise ValidationError(f"It can be guessed: {shortest} random characters or more are needed.")

    return check


def variety(key: str) -> int:
    """In how many different ways it goes on from one character to the next: few where it counts, repeats or runs on."""
    steps = [ord(after) - ord(before) for before, after in pairwise(key)]
    return len(set(pairwise(steps)))


def zero_or_more(number: int) -> None:
    if number < 0:
        raise ValidationError("It has to be 0 or more.")


def at_least_one(number: int) -> None:
    if number < 1:
        raise ValidationError("It has to be 1 or more.")


def names_hosts(hosts: list[str]) -> None:
    """A check of the names that the portal answers to: with any name, links in its pages could lead anywhere."""
    if any("*" in host or host.startswith(".") for host in hosts):
        raise ValidationError(
            "Name each host that people reach the portal under; * and a dot in front would take others."
        )


def only_with_the_local_vault(switched_on: bool) -> None:
    """A check of what is for trying things out on one's own machine."""
    if switched_on and os.environ.get(TRIAL) != "true":
        raise ValidationError("Its pages show this server's inside to everybody. It is for `make run` only.")


def holds_certificates(path: Path) -> None:
    """A check of a variable that names a file of CAs."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
    except OSError:
        raise ValidationError(f"{path} is no PEM file of certificates that can be read.") from None
