"""All verbs."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from vaults.emulator.control.directory_verbs import DIRECTORY_VERBS
from vaults.emulator.control.fields import RefusedError, read_all
from vaults.emulator.control.live_verbs import LIVE_VERBS, RESET
from vaults.emulator.control.vault_verbs import VAULT_VERBS
from vaults.emulator.control.verb import Desk, Verb

VERBS = (*DIRECTORY_VERBS, *VAULT_VERBS, *LIVE_VERBS, RESET)


def find_verb(name: str) -> Verb | None:
    return next((verb for verb in VERBS if verb.name == name), None)


def perform(desk: Desk, verb: Verb, given: Mapping[str, Any]) -> str:
    """Carry a verb out; what there is to say about it. Raises RefusedError."""
    values = SimpleNamespace(**read_all(verb.fields, given))
    try:
        return verb.act(desk, values)
    except LookupError as error:
        raise RefusedError(str(error.args[0])) from None
