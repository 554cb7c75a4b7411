"""A vault whose lists have no end: every page names a next one."""

import time
from itertools import count

from vaults.emulator import Emulator
from vaults.emulator.faults.faults import Proceed
from vaults.emulator.wire.http import Request, Response, json_response


def endless(emulator: Emulator, path: str, seconds: float = 0.0) -> None:
    """Lists at these paths give 25 items more and more, each page after so many seconds."""
    turn = count()

    def act(request: Request, _proceed: Proceed) -> Response:
        time.sleep(seconds)
        page = next(turn)
        return json_response(
            200,
            {
                "value": [_item(request, page, place) for place in range(25)],
                "nextLink": f"https://{request.host}{request.path}?api-version=7.0&$skiptoken=p{page}",
            },
        )

    emulator.interfere(act, path=path)


def _item(request: Request, page: int, place: int) -> dict[str, object]:
    collection, *rest = request.path.strip("/").removeprefix("deleted").split("/")
    version = f"{page:028x}{place:04x}"
    address = "/".join([collection, rest[0], version] if rest else [collection, f"item-{page}-{place}"])
    return {
        "kid" if collection == "keys" else "id": f"https://{request.host}/{address}",
        "attributes": {"enabled": True, "created": 1_700_000_000 + 25 * page + place},
        "recoveryId": f"https://{request.host}{request.path}/item-{page}-{place}",
    }
