"""How Resource Manager handles a request: token, API version, body, operation, in this order."""

from collections.abc import Callable

from vaults.emulator.arm import metadata
from vaults.emulator.arm.call import ArmCall, ArmError, authenticate, check, common_headers
from vaults.emulator.arm.routes import METADATA, find_operation
from vaults.emulator.entra.tokens import Tokens
from vaults.emulator.state import removal
from vaults.emulator.state.addresses import Addresses, Place
from vaults.emulator.state.service import Service
from vaults.emulator.wire.http import Request, Response, json_response


class Arm:
    """Azure Resource Manager for the vaults of one emulator."""

    def __init__(
        self, service: Service, tokens: Tokens, addresses: Addresses, vaults_changed: Callable[[], None]
    ) -> None:
        self._service = service
        self._tokens = tokens
        self._addresses = addresses
        self._vaults_changed = vaults_changed

    def answer(self, place: Place, request: Request) -> Response:
        clock = self._service.clock
        try:
            if METADATA.find(request.method, request.segments):
                return metadata.endpoints(request, place.issuer, self._addresses.vault_suffix)
            caller = authenticate(self._tokens, clock, request)
            body = check(request)
            with self._service.store.writing() as db:
                removal.purge_due_vaults(db, clock())
            call = ArmCall(self._service, self._addresses, self._vaults_changed, caller, int(clock()), request, body)
            operation, params = find_operation(request)
            response = operation(call, **params)
        except ArmError as error:
            response = json_response(error.status, error.body())
        response.headers.extend(common_headers())
        return response
