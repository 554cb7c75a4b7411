"""Microsoft's az against the local vault, unmodified. Run with `make test-all`.

az gets an environment of its own (`.venv-az`, `requirements.txt` here), a configuration of its own, and the emulator as a
cloud that it registers. It reaches vaults under names that need not resolve: see `tunnel`.
"""

import pytest

pytest.register_assert_rewrite(
    "tests.az.cli", "tests.az.vaults", "tests.az.secrets", "tests.az.keys", "tests.az.certificates"
)
