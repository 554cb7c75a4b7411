#!/usr/bin/env python
"""Django's command line for kvportal. Beside `make run` it knows that one's keys and ports."""

import os
import sys
from pathlib import Path


def main() -> None:
    from kvportal import trial
    from kvportal.env import drop_empty

    drop_empty()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kvportal.settings")
    trial.recall(Path(__file__).resolve().parent)
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
