"""What a verb is, and what it works on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from vaults.emulator.control.fields import Field
from vaults.emulator.emulator import Emulator
from vaults.emulator.serve.home import Home


@dataclass(frozen=True, slots=True)
class Desk:
    """Where verbs are carried out: the emulator, and the folder in which it lives."""

    emulator: Emulator
    home: Home


@dataclass(frozen=True, slots=True)
class Verb:
    """One thing that can be done by hand. `act` returns what there is to say about it afterwards.

    `live`: it is about the memory of a running server. It raises RefusedError or LookupError for what cannot be done.
    """

    name: str
    help: str
    act: Callable[[Desk, Any], str]
    fields: tuple[Field, ...] = ()
    live: bool = False
