"""Files encrypted with a password: what is written, what is read, and what is refused before it costs anything."""

import threading
import time

import pytest

from tests import age
from vaults.azure.time_limit import time_limit
from vaults.keyvault.age_files import (
    LARGEST_WORK,
    LEAST_WORK,
    MOST_WAITING,
    AgeBusy,
    AgePasswordWrong,
    AgeUnreadable,
    decrypt,
    encrypt,
    is_age,
)

PASSWORD = "p4ss W0rd$\"'\\&%"
BLOB = bytes(range(256)) * 1000


@pytest.fixture(scope="module")
def written() -> bytes:
    return encrypt(BLOB, PASSWORD)


def test_what_is_written_is_age_by_its_specification(written: bytes) -> None:
    assert is_age(written)
    header = age.HEADER.match(written)
    assert header
    assert LEAST_WORK <= int(header["work"]) <= LARGEST_WORK
    assert BLOB[:64] not in written
    assert age.read(written, PASSWORD) == BLOB
    assert decrypt(written, PASSWORD) == BLOB


@pytest.mark.parametrize(
    "content", [b"", b"x", b"x" * age.CHUNK, BLOB], ids=["empty", "one byte", "one chunk", "several"]
)
def test_what_others_wrote_is_read(content: bytes) -> None:
    file = age.write(content, PASSWORD)
    assert decrypt(file, PASSWORD) == content
    armored = age.armored(file)
    assert is_age(armored)
    assert decrypt(armored, PASSWORD) == content
    assert decrypt(armored.replace(b"\n", b"\r\n"), PASSWORD) == content


@pytest.mark.parametrize("work", [LARGEST_WORK + 1, 30, 63, 99])
@pytest.mark.parametrize("dressed", [bytes, age.armored], ids=["binary", "armored"])
def test_a_file_that_asks_for_much_work_is_refused_at_once(work: int, dressed: type[bytes]) -> None:
    file = age.write(BLOB, PASSWORD).replace(b" 10\n", b" %d\n" % work, 1)
    begun = time.monotonic()
    with pytest.raises(AgeUnreadable, match=rf"2\^{work} rounds"):
        decrypt(dressed(file), PASSWORD)
    assert time.monotonic() - begun < 1


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"age-encryption.org/v1\n",
        b"age-encryption.org/v1\n-> X25519 AAAA\nAAAA\n--- AAAA\n",
        b"age-encryption.org/v1\n-> scrypt AAAA 10\nAAAA\n--- AAAA\n",
        b"age-encryption.org/v1\n-> scrypt AAAAAAAAAAAAAAAAAAAAAA 010\nAAAA\n--- AAAA\n",
        b"age-encryption.org/v1\n-> scrypt AAAAAAAAAAAAAAAAAAAAAA 1000000000\nAAAA\n--- AAAA\n",
        b"age-encryption.org/v2\n-> scrypt AAAAAAAAAAAAAAAAAAAAAA 10\nAAAA\n--- AAAA\n",
        b"-----BEGIN AGE ENCRYPTED FILE-----\n",
        b"-----BEGIN AGE ENCRYPTED FILE-----\n!\n-----END AGE ENCRYPTED FILE-----\n",
    ],
)
def test_headers_that_no_password_opens(header: bytes) -> None:
    with pytest.raises(AgeUnreadable):
        decrypt(header, PASSWORD)


def test_a_wrong_password_and_a_damaged_file() -> None:
    file = age.write(BLOB, PASSWORD)
    broken = bytearray(file)
    broken[-1] ^= 1
    two_recipients = file.replace(b"\n--- ", b"\n-> X25519 AAAA\nAAAA\n--- ", 1)
    for content, password in (
        (file, PASSWORD[:-1]),
        (file, ""),
        (file[:-1], PASSWORD),
        (file[: -age.CHUNK], PASSWORD),
        (file[:150], PASSWORD),
        (file + b"x", PASSWORD),
        (bytes(broken), PASSWORD),
        (two_recipients, PASSWORD),
    ):
        with pytest.raises(AgePasswordWrong) as caught:
            decrypt(content, password)
        assert PASSWORD not in str(caught.value)


def test_it_does_not_outlast_the_time_of_the_request() -> None:
    file = age.write(b"x", PASSWORD).replace(b" 10\n", b" 20\n", 1)
    with time_limit(0), pytest.raises(AgeBusy):
        decrypt(file, PASSWORD)
    with time_limit(0.2), pytest.raises(AgeBusy) as caught:
        decrypt(file, PASSWORD)
    assert caught.value.__context__ is None


def test_other_threads_go_on_meanwhile() -> None:
    """The library holds the interpreter's lock while it derives the key; this process must not wait for it."""
    ticks, over = 0, threading.Event()

    def tick() -> None:
        nonlocal ticks
        while not over.wait(0.01):
            ticks += 1

    file = age.write(b"x", PASSWORD, work=17)
    thread = threading.Thread(target=tick)
    thread.start()
    try:
        decrypt(file, PASSWORD)
    finally:
        over.set()
        thread.join()
    assert ticks > 10


def test_only_some_wait_for_their_turn() -> None:
    """Who waits holds a thread that serves pages: somebody with many files would hold them all."""
    file = age.write(b"x", PASSWORD, work=14)
    refused: list[float] = []
    begun = time.monotonic()

    def open_it() -> None:
        try:
            assert decrypt(file, PASSWORD) == b"x"
        except AgeBusy:
            refused.append(time.monotonic() - begun)

    threads = [threading.Thread(target=open_it) for _ in range(1 + MOST_WAITING + 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 10
    assert max(refused) < 1
    assert decrypt(file, PASSWORD) == b"x"
