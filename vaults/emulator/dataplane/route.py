"""One operation of the data plane."""

from collections.abc import Callable
from dataclasses import dataclass

from vaults.emulator.dataplane.call import Call
from vaults.emulator.dataplane.versions import API_VERSIONS
from vaults.emulator.wire.http import Response

Operation = Callable[[Call], Response]


@dataclass(frozen=True, slots=True)
class Route:
    """Method and path, who may call it, and the first API version that has it.

    `permissions` are alternatives for vaults with access policies: each of them is enough. `data_action` is what a role
    has to allow in vaults that decide by roles.
    """

    method: str
    template: str
    permissions: tuple[str, ...]
    data_action: str
    operation: Operation
    since: str = API_VERSIONS[0]
