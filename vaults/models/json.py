"""JSON columns that others may have written to: values that do not have the expected shape are left out when read."""

import json
from collections.abc import Callable
from typing import Any

from django.db import models

Shape = Callable[[Any], Any]


def texts(found: Any) -> dict[str, str]:
    return {name: text for name, text in members(found) if isinstance(text, str)}


def facts(found: Any) -> dict[str, Any]:
    """Single facts, and lists and mappings of single facts."""
    return {name: fact for name, fact in members(found) if is_single(fact) or all(map(is_single, parts(fact)))}


def nested_facts(found: Any) -> dict[str, Any]:
    """Facts, and lists of mappings that contain facts and mappings of facts."""
    kept = facts(found)
    for name, listed in members(found):
        if isinstance(listed, list) and any(isinstance(each, dict) for each in listed):
            kept[name] = [
                {**facts(each), **{part: facts(inner) for part, inner in members(each) if isinstance(inner, dict)}}
                for each in listed
                if isinstance(each, dict)
            ]
    return kept


def text_list(found: Any) -> list[str]:
    return [text for text in found if isinstance(text, str)] if isinstance(found, list) else []


def members(found: Any) -> list[tuple[str, Any]]:
    return list(found.items()) if isinstance(found, dict) else []


def parts(fact: Any) -> Any:
    return list(fact.values()) if isinstance(fact, dict) else fact


SINGLE = (str, int, float, type(None))


def is_single(fact: Any) -> bool:
    return isinstance(fact, SINGLE)


def encodable(stored: Any) -> Any:
    """JSON text as stored, with question marks for lone surrogates: SQLite stores their escapes, but no page can contain them.

    Raises ValueError and RecursionError.
    """
    if not isinstance(stored, str) or "\\ud" not in stored.lower():
        return stored
    return json.dumps(json.loads(stored), ensure_ascii=False).encode("utf-8", "replace").decode()


class ShapedJSONField(models.JSONField):
    """A JSON field that drops values of another shape, so that pages still work.

    The audit trail's verification finds such a change.
    """

    def __init__(self, *args: Any, shape: Shape = facts, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.shape = shape

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        try:
            found = super().from_db_value(encodable(value), expression, connection)
        except (ValueError, RecursionError):
            found = None
        return self.shape(found)

    def deconstruct(self) -> Any:
        """In migrations it is a plain JSONField."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.JSONField", args, kwargs
