"""Pages per second of one process: several clients at once, each with a connection of its own, in a process of their own.

python -m tests.bench.throughput PORT COOKIE PATH...    prints a line of JSON: pages per second by path
"""

import json
import sys
import threading
import time
from http.client import HTTPConnection

#: More than a page's waiting takes of its time: the process is never idle.
CLIENTS = 16
SECONDS = 6.0


def pages_per_second(port: int, cookie: str, path: str) -> float:
    """Raises RuntimeError if a response is not the page."""
    until = time.monotonic() + SECONDS
    served = [0] * CLIENTS
    errors: list[str] = []

    def ask(place: int) -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=30)
        while time.monotonic() < until and not errors:
            connection.request("GET", path, headers={"Cookie": cookie, "Host": f"localhost:{port}"})
            response = connection.getresponse()
            response.read()
            if response.status != 200:
                errors.append(f"{path}: {response.status}")
            served[place] += 1

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(CLIENTS)]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise RuntimeError(errors[0])
    return sum(served) / (time.monotonic() - started)


def main(port: str, cookie: str, *paths: str) -> None:
    found = {}
    for path in paths:
        found[path] = pages_per_second(int(port), cookie, path)
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
