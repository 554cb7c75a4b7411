"""What verbs are, and what they work on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from vaults.emulator.control.fields import Field
from vaults.emulator.emulator import Emulator
from vaults.emulator.serve.home import Home

Values = Mapping[str, Any]  # by the names of a verb's fields


@dataclass(frozen=True, slots=True)
class Context:
    """The emulator that a verb changes, and its state folder."""

    emulator: Emulator
    home: Home


@dataclass(frozen=True, slots=True)
class Verb:
    """One change or question about an emulator. `act` returns the message to print, empty for none.

    `live`: it concerns the memory of a running server. `act` raises RefusedError or UnknownNameError for what cannot be done.
    """

    name: str
    help: str
    act: Callable[[Context, Values], str]
    fields: tuple[Field, ...] = ()
    live: bool = False
