"""The environment that `make run` was started with, kept so that manage.py uses the same.

Only ports and paths of keys, no keys, in `<data directory>/trial.json`. It is not used if the environment has keys, as that
of every deployment does.
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
    """Set the environment variables of the trial that are not set, unless there are keys already."""
    if any(name in os.environ or f"{name}_FILE" in os.environ for name in KEYS):
        return
    kept = Path(os.environ.get("KVPORTAL_DATA_DIR", root / "var")) / "trial.json"
    if kept.exists():
        os.environ.update({**json.loads(kept.read_text()), **os.environ})
