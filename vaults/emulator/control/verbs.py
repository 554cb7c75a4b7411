"""All verbs."""

from collections.abc import Mapping
from typing import Any

from vaults.emulator.control.context import Context, Verb
from vaults.emulator.control.directory_verbs import DIRECTORY_VERBS
from vaults.emulator.control.fields import RefusedError, read_all
from vaults.emulator.control.live_verbs import LIVE_VERBS, RESET
from vaults.emulator.control.vault_verbs import VAULT_VERBS
from vaults.emulator.state.unknown import UnknownNameError

VERBS = (*DIRECTORY_VERBS, *VAULT_VERBS, *LIVE_VERBS, RESET)
BY_NAME = {verb.name: verb for verb in VERBS}


def perform(context: Context, verb: Verb, sent: Mapping[str, Any]) -> str:
    """Carry a verb out with the arguments that were typed or sent. Returns its message. Raises RefusedError."""
    try:
        return verb.act(context, read_all(verb.fields, sent))
    except UnknownNameError as error:
        raise RefusedError(str(error)) from None
