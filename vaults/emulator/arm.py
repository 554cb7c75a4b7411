"""Azure Resource Manager, as far as a portal asks it about vaults.

Azure Resource Manager REST: Subscriptions, Vaults.
"""

from vaults.emulator.addresses import Addresses
from vaults.emulator.clock import Clock
from vaults.emulator.store import Store
from vaults.emulator.tokens import Tokens
from vaults.emulator.web import Request, Response, json_response


class Arm:
    def __init__(self, store: Store, tokens: Tokens, clock: Clock, addresses: Addresses) -> None:
        self._store = store
        self._tokens = tokens
        self._clock = clock
        self._addresses = addresses

    def answer(self, request: Request) -> Response:
        return json_response(404, {"error": {"code": "NotFound", "message": "Not here."}})
