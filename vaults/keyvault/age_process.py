"""Encrypt or decrypt one age file: standard input to standard output, run as a program by `age_files.py`.

The first line of the input is JSON with "verb" and "password"; the rest is the content.
"""

import json
import sys

from pyrage import DecryptError, passphrase

#: The exit code if the password is wrong or the file damaged.
REFUSED = 3


def main() -> int:
    asked = json.loads(sys.stdin.buffer.readline())
    content = sys.stdin.buffer.read()
    work = passphrase.encrypt if asked["verb"] == "seal" else passphrase.decrypt
    try:
        sys.stdout.buffer.write(work(content, asked["password"]))
    except DecryptError:
        return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main())
