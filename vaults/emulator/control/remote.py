"""The command line's side of control: it sends verbs to a running server."""

import http.client
import json
import ssl
from collections.abc import Mapping
from typing import Any

from vaults.emulator.control.fields import RefusedError
from vaults.emulator.serve.home import Home

HOST = "127.0.0.1"
SECONDS = 120  # filling a vault, or a reset, takes long


class NotServedError(Exception):
    """No server runs for this state folder."""

    def __init__(self) -> None:
        super().__init__("The local Key Vault is not being served. Start it with: manage.py emulator serve")


def ask(home: Home, name: str, values: Mapping[str, Any]) -> str:
    """The message of a verb that a running server carries out. Raises NotServedError and RefusedError."""
    try:
        token = home.control_token_file.read_text()
        context = ssl.create_default_context(cafile=str(home.ca_file))
    except OSError as error:
        raise NotServedError from error
    connection = http.client.HTTPSConnection(HOST, home.base_port, context=context, timeout=SECONDS)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    try:
        connection.request("POST", f"/control/{name}", json.dumps(values), headers)
        response = connection.getresponse()
        answer = json.loads(response.read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NotServedError from error
    finally:
        connection.close()
    if response.status != http.client.OK:
        raise RefusedError(answer.get("error", f"The server answered {response.status}."))
    return str(answer["message"])


def is_served(home: Home) -> bool:
    try:
        ask(home, "faults", {})
    except NotServedError:
        return False
    return True
