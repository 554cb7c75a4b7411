"""The parts of an emulator that all its faces use."""

from dataclasses import dataclass

from vaults.emulator.state.clock import Clock
from vaults.emulator.state.keymaterial import NewKey
from vaults.emulator.state.public_authority import LIMITS, Limits
from vaults.emulator.state.store import Store


@dataclass(slots=True)
class Service:
    """State, time, how long operations take (seconds), whether there are limits, and how long public certificates live.

    The last four may be changed.
    """

    store: Store
    clock: Clock
    new_key: NewKey
    settle_seconds: float
    certificate_seconds: float
    has_limits: bool
    public_limits: Limits = LIMITS
