"""The local vault as `manage.py emulator serve --latency-ms` runs it, which also notes who asks its issuer for tokens.

python -m tests.bench.local_vault FOLDER PORT LATENCY_MS NOTES
"""

import signal
import sys
import threading
from pathlib import Path

from vaults.emulator.faults.faults import Proceed
from vaults.emulator.serve.home import Home
from vaults.emulator.serve.server import serve
from vaults.emulator.wire.http import Request, Response


def main(folder: str, port: str, latency_ms: str, notes: str) -> None:
    home = Home(Path(folder), int(port))
    emulator = home.open(has_limits=False)  # measured is how fast the portal asks
    emulator.latency(float(latency_ms) / 1000)

    def note(request: Request, proceed: Proceed) -> Response:
        with Path(notes).open("a") as file:
            file.write(f"{request.form().get('client_id', '')} {request.headers.get('user-agent', '')}\n")
        return proceed()

    emulator.interfere(note, method="POST", path="/token$", host=f"localhost:{port}")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stop.set())
    serve(emulator, home, stop)


if __name__ == "__main__":
    main(*sys.argv[1:])
