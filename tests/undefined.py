"""Which names templates ask for and do not get.

Django renders a name that a page does not have as nothing, and `{% if %}` takes it for false. It says so in one place that is
documented: each failed lookup is a DEBUG record of the logger `django.template`, wherever the name stands: in `{{ }}`, in
`{% if %}`, `{% for %}` and `{% with %}`, as an argument of a tag or of an include, with a filter or without.
"""

import logging
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.template.base import Node, VariableDoesNotExist
from django.template.context import BaseContext

#: Django's own templates and allauth's are not ours to complete.
OURS = Path(settings.BASE_DIR) / "templates"
LOGGER = logging.getLogger("django.template")


class Lookups(logging.Filter):
    """Notes the failed lookups of our templates, and keeps the records from going on to any log."""

    def __init__(self) -> None:
        super().__init__()
        self.undefined: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno != logging.DEBUG:
            return True
        error = record.exc_info[1] if record.exc_info else None
        place = place_of_lookup()
        if place and not is_optional(error):
            self.undefined.add(f"{place}: {what_failed(error)}")
        return False


def is_optional(error: BaseException | None) -> bool:
    """A mapping is data and need not have a key (of a query, of what Azure sent); None stands for a thing that is not there,
    which then has no members either."""
    return isinstance(error, VariableDoesNotExist) and isinstance(error.params[1], Mapping | None)


def what_failed(error: BaseException | None) -> str:
    if not isinstance(error, VariableDoesNotExist):
        return repr(error)
    name, holder = error.params
    return f"no {name}" if isinstance(holder, BaseContext) else f"no {name} of a {type(holder).__name__}"


def place_of_lookup() -> str:
    """Template and line of the tag that asks, "" if it is none of ours."""
    for frame, _ in traceback.walk_stack(None):
        node = frame.f_locals.get("self")
        if isinstance(node, Node) and node.token and node.origin:
            template = Path(node.origin.name)
            return f"{template.relative_to(OURS)}:{node.token.lineno}" if template.is_relative_to(OURS) else ""
    return "?"


@contextmanager
def undefined_names() -> Iterator[set[str]]:
    """What the templates rendered meanwhile, in whichever thread, asked for in vain."""
    lookups, level = Lookups(), LOGGER.level
    LOGGER.addFilter(lookups)
    LOGGER.setLevel(logging.DEBUG)
    try:
        yield lookups.undefined
    finally:
        LOGGER.setLevel(level)
        LOGGER.removeFilter(lookups)
