"""From the bytes of an answer to members of the right type, or MalformedAnswer. The JSON border is here.

A vault is not trusted to send sane JSON: size, number of members, depth and types are checked before anything
of it is used. What is nested too deep is cut, and a number too long for one is a text: neither spoils what stands beside
it. Values are never quoted in a message, only the names of members.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NoReturn, TypedDict, TypeVar
from urllib.parse import urlsplit

from vaults.keyvault.errors import InvalidIdentifier, MalformedAnswer
from vaults.keyvault.identifiers import Identifier
from vaults.keyvault.identifiers import parse as parse_identifier
from vaults.keyvault.lenient import LONGEST, Members

Json = Mapping[str, Any]
T = TypeVar("T")

MAX_DEPTH = 24
CUT = '"[…]"'
"""What is read in place of a member that is nested deeper."""
MAX_MEMBERS = 100_000
"""A page of Key Vault has under 1,000; a parsed member takes some 50 times the memory of its bytes."""


def parse_object(content: bytes) -> dict[str, Any]:
    """The JSON object in `content`. Raises MalformedAnswer for anything else."""
    if sum(content.count(mark) for mark in (b",", b"[", b"{")) > MAX_MEMBERS:
        raise MalformedAnswer("The answer has too many members.")
    try:
        parsed = _parsed(content.decode("utf-8"))
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        raise MalformedAnswer("The answer is not a JSON object.")
    return parsed


def _parsed(text: str) -> Any:
    """Raises ValueError."""
    try:
        return _sane(_loaded(text), MAX_DEPTH)
    except RecursionError:
        return _sane(_loaded(_flattened(text)), MAX_DEPTH)


def _loaded(text: str) -> Any:
    return json.loads(text, parse_int=_whole, parse_constant=_refuse_constant)


def _whole(digits: str) -> int | str:
    """A number; as text where it has more digits than Python makes a number of."""
    try:
        return int(digits)
    except ValueError:
        return digits


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_TEXT_OR_BRACKET = re.compile(r'"(?:[^"\\]+|\\.)*+"?|[][{}]', re.DOTALL)


def _flattened(text: str) -> str:
    """The JSON with a short text in place of each member that is nested too deep."""
    kept, begin, level = [], 0, 0
    for found in _TEXT_OR_BRACKET.finditer(text):
        match text[found.start()]:
            case "[" | "{":
                level += 1
                if level == MAX_DEPTH:
                    kept.append(text[begin : found.start()])
            case "]" | "}":
                level -= 1
                if level == MAX_DEPTH - 1:
                    kept.append(CUT)
                    begin = found.end()
    return "".join(kept) + text[begin:] if level < MAX_DEPTH else ""


def _sane(value: Any, depth: int) -> Any:
    """The value without the half characters that can't be written as UTF-8. Raises RecursionError where it is too deep."""
    if depth <= 0:
        raise RecursionError
    if isinstance(value, dict):
        return {_sane_text(name): _sane(item, depth - 1) for name, item in value.items()}
    if isinstance(value, list):
        return [_sane(item, depth - 1) for item in value]
    return _sane_text(value) if isinstance(value, str) else value


def _sane_text(text: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode("utf-8")
    return text


def nothing(_: Json) -> None:
    """What is read of an answer that tells no more than its status."""


def member(data: Json, name: str, kind: type[T]) -> T | None:
    """A member that may be missing or null, of exactly this type."""
    value = data.get(name)
    if value is not None and type(value) is not kind:
        raise MalformedAnswer(f'The member "{name}" of the answer has the wrong type.')
    return value


def required(data: Json, name: str, kind: type[T]) -> T:
    """A member that must be there."""
    value = member(data, name, kind)
    if value is None:
        raise MalformedAnswer(f'The answer has no member "{name}".')
    return value


def section(data: Json, name: str) -> Json:
    """A nested object; empty if missing or null."""
    return member(data, name, dict) or {}


def as_object(item: Any) -> Json:
    """An item of a list, which must be an object."""
    if not isinstance(item, dict):
        raise MalformedAnswer("The list holds more than objects.")
    return item


class Identity(TypedDict):
    """An identifier, whole and in parts, under the names that `Properties` gives them."""

    id: str
    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request was about: a collection of a vault, there an object by its name, and perhaps a version of it.

    `listed`: the answer has several of these, so that each must tell which it is.
    """

    vault_url: str
    collection: str
    name: str = ""
    version: str = ""
    listed: bool = False

    def covers(self, found: Identifier) -> bool:
        """Whether an identifier can be one of what was asked for. The port is not looked at: a proxy may change it."""
        return (
            urlsplit(f"//{found.host}").hostname == urlsplit(self.vault_url).hostname
            and found.collection.removeprefix("deleted") == self.collection
            and self.name.lower() in ("", found.name.lower())
            and self.version.lower() in ("", found.version.lower())
        )

    def identity(self) -> Identity:
        """The object by what it was asked for."""
        parts = (self.vault_url, self.collection, self.name, self.version)
        return Identity(id="/".join(part for part in parts if part), name=self.name, version=self.version)


def identity(members: Members, name: str, asked: Asked, holder: Members | None = None) -> Identity:
    """The identifier in a member, of `holder` if it stands in a part of the answer. Of another vault or object it is odd: what
    was asked for by its name has that one.

    Raises MalformedAnswer where nothing tells which object it is, or that it is one.
    """
    url = (holder or members).text(name, "id")
    found = parsed(url)
    if url and found and asked.covers(found):
        return Identity(id=url, name=found.name, version=found.version)
    if asked.listed or not (
        "attributes" in members or "status" in members
    ):  # an object has the one, an operation the other
        raise MalformedAnswer(f'The member "{name}" of the answer is no identifier of what was asked for.')
    if url:
        members.odd["id"] = url[:LONGEST]
    return asked.identity()


def parsed(url: str | None) -> Identifier | None:
    """An identifier in parts; None where it is none."""
    try:
        return parse_identifier(url or "")
    except InvalidIdentifier:
        return None


class Attributes(TypedDict):
    """The members of `attributes` under the names that `Properties` gives them, and the tags."""

    enabled: bool | None
    not_before: datetime | None
    expires_on: datetime | None
    created_on: datetime | None
    updated_on: datetime | None
    recovery_level: str | None
    recoverable_days: int | None
    tags: dict[str, str]
    odd: dict[str, str]


def attributes(members: Members) -> Attributes:
    """What every bundle and list item says in `attributes` and `tags`; `odd` is all that could not be read of `members`."""
    said = members.told_by("attributes", "enabled", "not_before", "expires_on", "created_on", "updated_on")
    return Attributes(
        enabled=said.switch("enabled"),
        not_before=said.moment("nbf", "not_before"),
        expires_on=said.moment("exp", "expires_on"),
        created_on=said.moment("created", "created_on"),
        updated_on=said.moment("updated", "updated_on"),
        recovery_level=said.text("recoveryLevel", "recovery_level"),
        recoverable_days=_retention(said),
        tags=members.tags("tags"),
        odd=members.odd,
    )


def _retention(attributes: Members) -> int | None:
    """Key Vault keeps deleted objects for 7 to 90 days; other numbers are as good as none."""
    days = attributes.number("recoverableDays", "recoverable_days")
    return days if days is not None and 0 <= days <= 90 else None


class Deletion(TypedDict):
    """What a deleted bundle or list item says about its deletion, under the names of `Deleted`."""

    recovery_id: str
    deleted_on: datetime | None
    scheduled_purge_on: datetime | None
    odd: dict[str, str]


def deletion(data: Json, asked: Asked) -> Deletion:
    """Where a deleted object can be recovered, and until when."""
    members = Members(data)
    recovery_id = members.text("recoveryId", "recovery_id") or ""
    found = parsed(recovery_id)
    if recovery_id and not (found and replace(asked, version="").covers(found)):
        members.odd["recovery_id"] = recovery_id[:LONGEST]
        recovery_id = ""
    return Deletion(
        recovery_id=recovery_id,
        deleted_on=members.moment("deletedDate", "deleted_on"),
        scheduled_purge_on=members.moment("scheduledPurgeDate", "scheduled_purge_on"),
        odd=members.odd,
    )
