"""Limits of a vault in ten seconds, beyond which it answers 429.

Source: Azure Key Vault service limits, for each vault, and five times as much for each subscription. Costs are weighted,
and their sum is limited. Refused calls cost nothing.
"""

import threading
from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from vaults.emulator.dataplane.call import Call
from vaults.emulator.dataplane.route import Route
from vaults.emulator.faults.faults import THROTTLED
from vaults.emulator.state import objects
from vaults.emulator.wire import jwt, rules
from vaults.emulator.wire.errors import VaultError

WINDOW = 10.0  # seconds
BUDGET = 12_000  # of a vault in a window, for each class: a multiple of all limits, so that costs are whole numbers
VAULTS_OF_A_SUBSCRIPTION = 5
STORED, KEYS_CREATED, OTHER = "create secret, import key or certificate", "create key", "other"
STORING = {("PUT", "secrets/{name}"), ("PUT", "keys/{name}"), ("POST", "certificates/{name}/import")}
CREATING_KEYS = {
    ("POST", "keys/{name}/create"),
    ("POST", "keys/{name}/rotate"),
    ("POST", "keys/{name}/release"),
    ("POST", "keys/{name}/{version}/release"),
}
STORED_LIMIT = 300
OTHER_LIMIT = 4000


class KeyLimits(NamedTuple):
    """Transactions with one type of key in a window."""

    hardware_create: int
    hardware_other: int
    software_create: int
    software_other: int


KEY_LIMITS = {  # by the bits of an RSA key; the first row is also for elliptic curves
    2048: KeyLimits(10, 2000, 20, 4000),
    3072: KeyLimits(10, 500, 20, 1000),
    4096: KeyLimits(10, 250, 20, 500),
}


@dataclass(slots=True)
class Spending:
    """The costs of the last window by time, and their sum."""

    spent: deque[tuple[float, int]] = field(default_factory=deque)
    total: int = 0

    def forget(self, now: float) -> None:
        """Remove costs before the window, and costs in the future: the clock can be set back."""
        while self.spent and self.spent[0][0] <= now - WINDOW:
            self.total -= self.spent.popleft()[1]
        if self.spent and self.spent[-1][0] > now:
            self.spent.clear()
            self.total = 0

    def add(self, now: float, cost: int) -> None:
        self.spent.append((now, cost))
        self.total += cost


class Limits:
    """The spending of all vaults and subscriptions of an emulator. It is kept in memory."""

    def __init__(self) -> None:
        self._spendings: dict[tuple[str, str], Spending] = {}
        self._lock = threading.Lock()

    def spend(self, call: Call, route: Route) -> None:
        """Count a call. Raises the vault's 429 if the budget is exceeded."""
        kind, cost = cost_of(call, route)
        with self._lock:
            now = call.service.clock()  # inside the lock, so that times are in order
            found = [self._spending(owner, kind, now) for owner in (call.vault.name, call.vault.subscription.lower())]
            vault, subscription = found
            if vault.total + cost > BUDGET or subscription.total + cost > BUDGET * VAULTS_OF_A_SUBSCRIPTION:
                raise VaultError(429, THROTTLED["error"]["code"], THROTTLED["error"]["message"])
            for each in found:
                each.add(now, cost)

    def _spending(self, owner: str, kind: str, now: float) -> Spending:
        spending = self._spendings.setdefault((owner, kind), Spending())
        spending.forget(now)
        return spending


def cost_of(call: Call, route: Route) -> tuple[str, int]:
    """The class of a call, and its cost."""
    operation = (route.method, route.template)
    if operation in STORING:
        return STORED, BUDGET // STORED_LIMIT
    creates = operation in CREATING_KEYS
    if not creates and not route.template.startswith(("keys/{name}", "deletedkeys/{name}")):
        return OTHER, BUDGET // OTHER_LIMIT
    kty, bits = _asked_key(call) if route.template == "keys/{name}/create" else _key(call)
    limits = KEY_LIMITS.get(bits, KEY_LIMITS[2048])
    if kty.endswith("-HSM"):
        create, other = limits.hardware_create, limits.hardware_other
    else:
        create, other = limits.software_create, limits.software_other
    return (KEYS_CREATED, BUDGET // create) if creates else (OTHER, BUDGET // other)


def _asked_key(call: Call) -> tuple[str, int]:
    """Type and size of the key to create. Raises the vault's 400."""
    return rules.text(call.body, "kty") or "", rules.whole_number(call.body, "key_size") or 0


def _key(call: Call) -> tuple[str, int]:
    """Type and size of the key in the path; empty and 0 if there is none."""
    asked = (call.vault.id, call.name.lower(), call.version.lower())
    row = call.service.store.remembered(("key", *asked), lambda db: objects.key_data(db, *asked))
    if row is None:
        return "", 0
    return row["kty"], len(jwt.decode(row["modulus"] or "")) * 8
