"""Reading of the environment: every variable once, all errors in one message.

Each `KVPORTAL_X` may also be set as `KVPORTAL_X_FILE`, the path of a file with its value. An empty variable counts as not set.
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
#: Set by `make run` for its child processes: this is a trial, not a deployment.
TRIAL = "KVPORTAL_TRIAL"
#: In characters; the first is Django's own rule.
SHORTEST_SECRET_KEY = 50
SHORTEST_AUDIT_KEY = 32
#: Words of example keys and of keys to be replaced, which a random key does not contain.
PLACEHOLDER = re.compile(r"change.?me|django-insecure|password|please|replace.?(me|this)|your.?key", re.IGNORECASE)


def drop_empty() -> None:
    """Remove empty variables from the environment: Docker Compose passes an unset variable (`${X:-}`) as empty text, and
    `docker run --env-file` includes the quotes of its file. To be called before the environment is read.
    """
    for name, value in list(os.environ.items()):
        if name.startswith(PREFIX) and not value.strip(" \t\r\n\"'"):
            del os.environ[name]


@contextmanager
def reading() -> Iterator[Env]:
    """A reader that collects missing and wrong variables. At the end of the block it exits with a message if there are any."""
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
    """A validator for a secret key. A person who guesses the session key can sign in as any user; a person who guesses the
    audit key can forge records.
    """

    def check(key: str) -> None:
        bare = "".join(key.split())
        if len(bare) < shortest or variety(bare) < shortest * 3 // 4 or PLACEHOLDER.search(key):
            raise ValidationError(f"It can be guessed: {shortest} random characters or more are needed.")

    return check


def variety(key: str) -> int:
    """The number of different pairs of consecutive steps between characters; small for repeated or counting characters."""
    steps = [ord(after) - ord(before) for before, after in pairwise(key)]
    return len(set(pairwise(steps)))


def zero_or_more(number: int) -> None:
    if number < 0:
        raise ValidationError("It has to be 0 or more.")


def at_least_one(number: int) -> None:
    if number < 1:
        raise ValidationError("It has to be 1 or more.")


def names_hosts(hosts: list[str]) -> None:
    """A validator for ALLOWED_HOSTS: if any host name were accepted, links in the pages could lead to other hosts."""
    if any("*" in host or host.startswith(".") for host in hosts):
        raise ValidationError(
            "Name each host that people reach the portal under; * and a dot in front would take others."
        )


def only_with_the_local_vault(switched_on: bool) -> None:
    """A validator for a switch that only `make run` may turn on."""
    if switched_on and os.environ.get(TRIAL) != "true":
        raise ValidationError("Its pages show this server's inside to everybody. It is for `make run` only.")


def holds_certificates(path: Path) -> None:
    """A validator for the path of a CA file."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
    except OSError:
        raise ValidationError(f"{path} is no PEM file of certificates that can be read.") from None
