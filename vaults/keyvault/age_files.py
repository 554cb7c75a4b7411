"""Files encrypted with a password in the age format: what `age --passphrase` writes and `age --decrypt` reads.

https://age-encryption.org/v1. The work is done in a process of its own (`age_process.py`): the library holds the lock of Python's
interpreter for the second or more that scrypt takes, in which no other request would be served; and a process can be ended when
time is over.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Final

from vaults.azure.time_limit import time_left
from vaults.keyvault.age_process import REFUSED

LEAST_WORK: Final = 15
LARGEST_WORK: Final = 20
"""scrypt's work factor, as a power of two: the least that is written, and the largest that is written and read. `age` writes 18;
20 takes some seconds and 1 GB of memory.
"""
TRIES: Final = 3
LONGEST_SECONDS: Final = 15.0
BUSY: Final = "Other files are being encrypted or opened at the moment. Try again in a few seconds."
_INTRO: Final = b"age-encryption.org/v1\n"
_ARMOR: Final = b"-----BEGIN AGE ENCRYPTED FILE-----"
_ARMOR_END: Final = b"-----END AGE ENCRYPTED FILE-----"
#: A file with a password has this one stanza and no other.
_SCRYPT: Final = re.compile(rb"age-encryption\.org/v1\n-> scrypt [A-Za-z0-9+/]{22} ([1-9][0-9]?)\n")
_CHILD: Final = Path(__file__).with_name("age_process.py")
MOST_WAITING: Final = 4
#: One at a time: each takes a processor and much memory.
_turn = threading.Lock()
#: For that one and those that wait for it. Each holds a thread that serves pages, so the others are refused at once.
_places = threading.BoundedSemaphore(1 + MOST_WAITING)


class AgeRefused(Exception):
    """The file can't be opened, or not now; the text is a sentence for people."""


class AgeUnreadable(AgeRefused):
    """Not a file that a password opens, or one whose key derivation costs too much."""


class AgePasswordWrong(AgeRefused):
    """Another password, or a damaged file: which of the two can't be told."""


class AgeBusy(AgeRefused):
    """Other files are being encrypted or opened, or it took too long."""


def is_age(content: bytes) -> bool:
    return content.startswith((_INTRO, _ARMOR))


def encrypt(content: bytes, password: str) -> bytes:
    """An age file. Raises AgeBusy.

    The library chooses the work factor, by a measurement of less than a millisecond, so that one guess takes about a second here.
    On a busy server the measurement may be far off: then it is done again.
    """
    for _ in range(TRIES):
        file = _run("seal", content, password)
        header = _SCRYPT.match(file)
        if header and LEAST_WORK <= int(header[1]) <= LARGEST_WORK:
            return file
    raise AgeBusy("This server is too busy to derive a key of the right strength. Try again in a few seconds.")


def decrypt(content: bytes, password: str) -> bytes:
    """The content of an age file, also of an armored one. Raises AgeRefused.

    The work factor is read before anything is computed: it comes from the file, and whoever wrote that chooses it.
    """
    binary = _without_armor(content)
    header = _SCRYPT.match(binary)
    if header is None:
        raise AgeUnreadable("This age file is not encrypted with a password, or it is damaged.")
    if int(header[1]) > LARGEST_WORK:
        raise AgeUnreadable(
            f"This age file asks for 2^{int(header[1])} rounds of scrypt; here 2^{LARGEST_WORK} are done at most. Open it with "
            "age on your own machine, and give the content."
        )
    return _run("open", binary, password)


def _without_armor(content: bytes) -> bytes:
    if not content.startswith(_ARMOR):
        return content
    body = content.strip().removeprefix(_ARMOR)
    if not body.endswith(_ARMOR_END):
        raise AgeUnreadable("This age file is cut off.")
    try:
        return base64.b64decode(b"".join(body.removesuffix(_ARMOR_END).split()), validate=True)
    except binascii.Error:
        raise AgeUnreadable("This age file is damaged.") from None


def _run(verb: str, content: bytes, password: str) -> bytes:
    """The password goes through the child's input, never through its arguments or environment."""
    if not _places.acquire(blocking=False):
        raise AgeBusy(BUSY)
    try:
        return _in_turn(verb, content, password)
    finally:
        _places.release()


def _in_turn(verb: str, content: bytes, password: str) -> bytes:
    seconds = time_left(LONGEST_SECONDS)
    if seconds <= 0 or not _turn.acquire(timeout=seconds):
        raise AgeBusy(BUSY)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KVPORTAL_")}
    try:
        done = subprocess.run(  # noqa: S603  # our own program, without arguments from outside
            [sys.executable, "-I", str(_CHILD)],
            input=json.dumps({"verb": verb, "password": password}).encode() + b"\n" + content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            timeout=max(time_left(LONGEST_SECONDS), 0.1),
            check=False,
        )
    except subprocess.TimeoutExpired:
        # Not as the context of the error: it holds the output so far.
        done = None
    finally:
        _turn.release()
    if done is None:
        raise AgeBusy("To derive the key from the password took too long here. Try again in a few seconds.")
    if done.returncode == REFUSED:
        raise AgePasswordWrong("This password does not open the file, or the file is damaged.")
    if done.returncode != 0:
        raise AgeBusy(
            "The program that encrypts and opens files failed in this server: it needs up to 1 GB of memory. Nothing was done."
        )
    return done.stdout
