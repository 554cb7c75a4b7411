"""Processes that read files, left alone: the portal that started them was killed before it could stop them."""

import base64
import json
import resource
import subprocess
import sys

from tests.views.import_files import endless_pfx
from vaults.forms.certificate_reader import MOST_PROCESSOR_SECONDS
from vaults.forms.reader_process import ROOT, START
from vaults.keyvault import age_files, age_process


def test_an_endless_file_is_not_read_without_end() -> None:
    request = {"purpose": "import", "files": [base64.b64encode(endless_pfx()).decode()], "password": "p4ssw0rd"}
    used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    ended = subprocess.run(
        [sys.executable, "-I", "-c", START, ROOT, "vaults.forms.certificate_reader"],
        input=json.dumps(request).encode(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode < 0, ended
    assert ended.stdout == b""
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - used < MOST_PROCESSOR_SECONDS + 2


def test_the_process_of_age_files_has_an_end_after_that_of_the_wait() -> None:
    assert age_process.MOST_PROCESSOR_SECONDS > age_files.LONGEST_SECONDS
    script = "import resource, runpy, sys; runpy.run_path(sys.argv[1])['_limit']()"
    script += "; print(resource.getrlimit(resource.RLIMIT_CPU), resource.getrlimit(resource.RLIMIT_CORE))"
    started = [sys.executable, "-I", "-c", script, age_process.__file__]
    shown = subprocess.run(started, capture_output=True, text=True, check=True)
    seconds = age_process.MOST_PROCESSOR_SECONDS
    assert shown.stdout.strip() == f"({seconds}, {seconds}) (0, 0)"
