"""Request bodies, read on the event loop so that no thread waits for them, with limits on time, rate and size."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

from django.conf import settings

#: A client that sends nothing is refused after FIRST_SECONDS; each BYTES_A_SECOND bytes add a second, up to LONGEST_SECONDS.
FIRST_SECONDS = 10.0
BYTES_A_SECOND = 1000
LONGEST_SECONDS = 60.0
#: After a refusal, the rest of the body is read until nothing arrives for this long.
PAUSE_SECONDS = 1.0
#: The first bytes of each body (a sign-in is smaller) don't count against the shared limit. The bytes beyond share one limit
#: for all requests: one value for requests with a known session (True), one for those without (False).
FREE_BYTES_EACH = 16_384
SHARED_BYTES = {True: 64_000_000, False: 32_000_000}


class Headers(Protocol):
    def __contains__(self, name: str) -> bool: ...
    def get(self, name: str) -> str | None: ...
    def items(self) -> list[tuple[str, str]]: ...


class Refused(Exception):
    """A request refused before it reaches a view: the status of the response, and the texts for the person: what is wrong and
    what to do.
    """

    def __init__(self, status: int, wrong: str, advice: str) -> None:
        super().__init__(wrong)
        self.status, self.wrong, self.advice = status, wrong, advice


class ClientDisconnected(Exception):
    """The client disconnected before its body was complete. The request is dropped without a response."""


class Bodies:
    """The bodies that are being received, and the memory they use. Used on one event loop, so it needs no lock."""

    def __init__(self) -> None:
        self._taken = {True: 0, False: 0}

    @contextmanager
    def receiving(self, *, known: bool, path: str = "") -> Iterator["Body"]:
        """A body whose memory is released when its request ends. `known`: the request has a known session; `path`: its
        address, without the query.
        """
        body = Body(self._taken, known, largest_body(path) if known else largest_body())
        try:
            yield body
        finally:
            self._taken[known] -= body.beyond


class Body:
    def __init__(self, taken: dict[bool, int], known: bool, largest: int) -> None:
        self._taken = taken
        self._known = known
        self._largest = largest
        self.beyond = 0

    async def read(self, headers: Headers, chunks: AsyncIterator[bytes]) -> bytes:
        """The complete body. Raises Refused and ClientDisconnected."""
        length = announced_length(headers, self._largest)
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
                raise ClientDisconnected
            received += chunk
            self._reserve(len(received))
        return bytes(received)

    def _reserve(self, size: int) -> None:
        more = max(0, size - FREE_BYTES_EACH) - self.beyond
        if self._taken[self._known] + more > SHARED_BYTES[self._known]:
            raise Refused(503, "Too much is being sent here at the moment", "Go back and send it once more.")
        self._taken[self._known] += more
        self.beyond += more


def largest_body(path: str = "") -> int:
    """The most bytes of a body that an address takes: few take more than a form with a small file."""
    if re.fullmatch(settings.LARGE_UPLOADS, path):
        return int(settings.LARGE_UPLOAD_BYTES)
    return int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + settings.FILE_UPLOAD_MAX_MEMORY_SIZE)


def announced_length(headers: Headers, most: int) -> int:
    """The body's size by its Content-Length. Raises Refused, before any of it is read, if it is too large or unknown: for a
    body without a size, granian does not tell a complete one from one that was cut off.
    """
    if "transfer-encoding" in headers:
        raise Refused(
            411, "The size of what was sent is missing", "A program or a proxy has to say it (Content-Length)."
        )
    length = int(headers.get("content-length") or 0)
    if length > most:
        raise Refused(413, f"This is larger than the {most / 1e6:g} MB that fit here", "Go back and take less.")
    return length


async def discard_rest(chunks: AsyncIterator[bytes]) -> None:
    """Read and discard the body after a refusal: most clients send everything before they read the response."""
    chunk = b"something"
    with suppress(TimeoutError):
        async with asyncio.timeout(FIRST_SECONDS):
            while chunk:
                chunk = await asyncio.wait_for(anext(chunks), PAUSE_SECONDS)
