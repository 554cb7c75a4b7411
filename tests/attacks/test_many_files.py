"""Many files at once, each of which is read by a process of its own: the server keeps its memory and its threads."""

import base64
import threading
import time

from django.core.exceptions import ValidationError

from vaults.forms.key_import import READER
from vaults.forms.reader_process import MOST_AT_ONCE, read_apart

#: Neither PEM nor DER nor JSON.
FILE = base64.b64encode(b"rubbish")


def test_more_files_than_are_read_at_once_are_refused_at_once() -> None:
    said: list[tuple[str, float]] = []
    begun = time.monotonic()

    def read() -> None:
        try:
            read_apart(READER, "key", [FILE], "")
        except ValidationError as refused:
            said.append((refused.messages[0], time.monotonic() - begun))

    threads = [threading.Thread(target=read) for _ in range(MOST_AT_ONCE + 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    busy = [after for sentence, after in said if sentence.startswith("Many files are being read")]
    assert len(said) == MOST_AT_ONCE + 10
    assert len(busy) == 10
    assert max(busy) < 1
    said.clear()
    read()
    assert said[0][0].startswith("This is neither PEM nor DER")
