"""Encrypt or decrypt one age file: standard input to standard output, run as a program by `age_files.py`.

The first line of the input is JSON with "verb" and "password"; the rest is the content.
"""

import json
import sys
from contextlib import suppress

from pyrage import DecryptError, passphrase

#: The exit code if the password is wrong or the file damaged.
REFUSED = 3
#: More than the portal waits: it ends a process whose portal was killed meanwhile.
MOST_PROCESSOR_SECONDS = 20


def main() -> int:
    _limit()
    asked = json.loads(sys.stdin.buffer.readline())
    content = sys.stdin.buffer.read()
    work = passphrase.encrypt if asked["verb"] == "seal" else passphrase.decrypt
    try:
        sys.stdout.buffer.write(work(content, asked["password"]))
    except DecryptError:
        return REFUSED
    return 0


def _limit() -> None:
    with suppress(ImportError, ValueError, OSError):  # Windows has no such limits
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a dump would hold the password and the content
        resource.setrlimit(resource.RLIMIT_CPU, (MOST_PROCESSOR_SECONDS, MOST_PROCESSOR_SECONDS))


if __name__ == "__main__":
    sys.exit(main())
