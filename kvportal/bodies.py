"""Bodies of requests, collected on the event loop: within a time, at a rate and up to a size, and no thread waits for them."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

from django.conf import settings

#: Whoever sends nothing is given up after the first of these; each so many bytes give another second, up to the longest.
FIRST_SECONDS = 10.0
BYTES_A_SECOND = 1000
LONGEST_SECONDS = 60.0
#: What follows a refusal is taken in until it comes to a halt.
PAUSE_SECONDS = 1.0
#: The start of each body always has room (a sign-in is smaller). What goes beyond shares this much: so much where the session
#: is known, so much where it is not.
ROOM_OF_EACH = 16_384
ROOM_OF_ALL = {True: 64_000_000, False: 32_000_000}


class Headers(Protocol):
    def __contains__(self, name: str) -> bool: ...
    def get(self, name: str) -> str | None: ...
    def items(self) -> list[tuple[str, str]]: ...


class Refused(Exception):
    """A request that no page gets to see: the status of its answer, and what the person reads: what is wrong, what to do."""

    def __init__(self, status: int, wrong: str, advice: str) -> None:
        super().__init__(wrong)
        self.status, self.wrong, self.advice = status, wrong, advice


class BrokenOff(Exception):
    """The client went away before its body was whole: half a form is none, and nobody is left to be told."""


class Bodies:
    """Those under way. It is used on one event loop, so it needs no lock."""

    def __init__(self) -> None:
        self._taken = {True: 0, False: 0}

    @contextmanager
    def receiving(self, *, known: bool) -> Iterator["Body"]:
        """A body, whose room is given back when its request is over."""
        body = Body(self._taken, known)
        try:
            yield body
        finally:
            self._taken[known] -= body.beyond


class Body:
    def __init__(self, taken: dict[bool, int], known: bool) -> None:
        self._taken = taken
        self._known = known
        self.beyond = 0

    async def read(self, headers: Headers, chunks: AsyncIterator[bytes]) -> bytes:
        """All of it. Raises Refused and BrokenOff."""
        length = announced(headers)
        if not length:
            return b""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        received = bytearray()
        while len(received) < length:
            seconds = min(FIRST_SECONDS + len(received) / BYTES_A_SECOND, LONGEST_SECONDS)
            try:
                async with asyncio.timeout_at(begun + seconds):
                    chunk = await anext(chunks)
            except TimeoutError:
                raise Refused(408, "What was sent took too long to arrive", "Go back and send it once more.") from None
            if not chunk:
                raise BrokenOff
            received += chunk
            self._make_room(len(received))
        return bytes(received)

    def _make_room(self, size: int) -> None:
        more = max(0, size - ROOM_OF_EACH) - self.beyond
        if self._taken[self._known] + more > ROOM_OF_ALL[self._known]:
            raise Refused(503, "Too much is being sent here at the moment", "Go back and send it once more.")
        self._taken[self._known] += more
        self.beyond += more


def announced(headers: Headers) -> int:
    """The size that a body is said to have. It is refused before any of it is read where that is too much, or unknown:
    of a body without a size granian does not tell whether it came to its end or was broken off.
    """
    if "transfer-encoding" in headers:
        raise Refused(
            411, "The size of what was sent is missing", "A program or a proxy has to say it (Content-Length)."
        )
    length = int(headers.get("content-length") or 0)
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE + settings.FILE_UPLOAD_MAX_MEMORY_SIZE
    if length > most:
        raise Refused(413, f"This is larger than the {most / 1e6:g} MB that fit here", "Go back and take less.")
    return length


async def let_pass(chunks: AsyncIterator[bytes]) -> None:
    """Take in and forget what follows a refusal: most clients send everything before they read an answer."""
    chunk = b"something"
    with suppress(TimeoutError):
        async with asyncio.timeout(FIRST_SECONDS):
            while chunk:
                chunk = await asyncio.wait_for(anext(chunks), PAUSE_SECONDS)
