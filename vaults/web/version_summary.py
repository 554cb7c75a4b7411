"""Summary texts on the page for a new version: above the list of its parts, and next to the button."""

from collections.abc import Sequence
from dataclasses import dataclass

from vaults.web.certificate_parts import Group


@dataclass(frozen=True, slots=True)
class Tally:
    """`heading`: above the parts. `untouched`: while no part is changed. `rest`: about the parts that were not changed."""

    heading: str
    untouched: str
    rest: str
    icon: str
    lost: bool


def tally_of(
    groups: Sequence[Group], *, lost: bool, only: str = "Nothing changed", asks_end: bool = False, other: str = ""
) -> Tally:
    """`lost`: something can't be carried over (the page lists it). `only`: the text for what is new if no part is changed.

    `other`: the part that changes by itself.
    """
    count = sum(len(group.parts) for group in groups)
    changed = any(part.changed for group in groups for part in group.parts)
    stay = "All else stays, as far as it can be carried over." if lost else "All else stays."
    heading = "Stays the same"
    if changed:
        heading += " but for what was changed"
    elif asks_end:
        heading += " but for its end"
    elif other:
        heading += f" but for the {other}"
    if lost:
        heading += " and what can't be carried over" if changed or asks_end else " but for what can't be carried over"
    if asks_end:
        return Tally(heading, f"Choose until when it lasts. {stay}", stay, "calendar-event", lost)
    if lost:
        return Tally(heading, f"{only}, but not all of it can be carried over.", stay, "alert-triangle", lost)
    rest = f"the other {count - 1}" if other else f"all {count}"
    return Tally(heading, f"{only}, {rest} parts stay.", stay, "circle-check", lost)
