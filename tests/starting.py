"""Starting the portal's commands with an environment of their own."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
KEYS = {
    f"KVPORTAL_{name}": "x7Kp2mQv9RtZ4wLcB8nHs3JdF6gYeW5uAaTqXr1kMoPbVzCiNjDlGhSfEyUwOt0I"
    for name in ("SECRET_KEY", "SEALING_KEYS", "AUDIT_KEY")
}


def started(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    base = {name: value for name, value in os.environ.items() if not name.startswith(("KVPORTAL_", "DJANGO_"))}
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env={**base, **environment}, capture_output=True, text=True, check=False
    )
