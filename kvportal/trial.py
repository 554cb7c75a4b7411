"""What `make run` was started with, so that manage.py beside it needs nothing said again.

Ports and the paths of keys only, no key: `<data directory>/trial.json`. Where the environment brings keys of its own, as every
deployment's does, nothing of it is used.
"""

import json
import os
from pathlib import Path

from kvportal.env import TRIAL

KEYS = ("KVPORTAL_SECRET_KEY", "KVPORTAL_SEALING_KEYS", "KVPORTAL_AUDIT_KEY")
REMEMBERED = (
    *(f"{key}_FILE" for key in KEYS),
    *(
        TRIAL,
        "KVPORTAL_AUDIT_SINK",
        "KVPORTAL_HTTPS",
        "KVPORTAL_CLOUDS_FILE",
        "KVPORTAL_PORT",
        "KVPORTAL_EMULATOR_PORT",
    ),
)


def remember(data: Path) -> None:
    known = {name: os.environ[name] for name in REMEMBERED if name in os.environ}
    (data / "trial.json").write_text(json.dumps(known, indent=2))


def recall(root: Path) -> None:
    """Fill the environment as the trial's, unless it has keys already."""
    if any(name in os.environ or f"{name}_FILE" in os.environ for name in KEYS):
        return
    kept = Path(os.environ.get("KVPORTAL_DATA_DIR", root / "var")) / "trial.json"
    if kept.exists():
        os.environ.update({**json.loads(kept.read_text()), **os.environ})
