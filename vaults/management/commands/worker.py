"""manage.py worker: scans in the background until interrupted."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from vaults.jobs import worker


class Command(BaseCommand):
    help = "Scan vaults in the background until interrupted; run one or several."

    def handle(self, *_: Any, **__: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda _number, _frame: stop.set())
        worker.run(stop)
