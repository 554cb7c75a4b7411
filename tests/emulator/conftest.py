from collections.abc import Callable
from typing import Any

import pytest

from tests.emulator.caller import Caller
from vaults.emulator import Emulator


@pytest.fixture
def emulator() -> Emulator:
    return Emulator.for_tests()


@pytest.fixture
def admin(emulator: Emulator) -> Caller:
    return Caller(emulator)


@pytest.fixture
def caller_for(emulator: Emulator) -> Callable[..., Caller]:
    """Callers other than the usual one: `caller_for(DEPLOY)`, `caller_for(version="7.6")`."""

    def make(*args: Any, **options: Any) -> Caller:
        return Caller(emulator, *args, **options)

    return make
