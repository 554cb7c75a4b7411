"""Routing by method and path template, such as ("GET", "secrets/{name}/versions"): the same for every face.

The error for a path without a route is chosen by the face.
"""

from collections.abc import Iterable
from typing import Generic, TypeVar

Handler = TypeVar("Handler")
Found = tuple[Handler, dict[str, str]]


class Router(Generic[Handler]):
    """A table of routes, tried in their order. Parameters are kept as they are written in the path.

    Unless `exact`, the fixed words of a path are compared without case.
    """

    def __init__(self, routes: Iterable[tuple[str, str, Handler]], *, exact: bool = False) -> None:
        self._exact = exact
        self._by_shape: dict[tuple[str, int], list[tuple[list[str], Handler]]] = {}
        self._methods: set[str] = set()
        for method, template, handler in routes:
            parts = [part if part.startswith("{") else self._word(part) for part in template.split("/")]
            self._by_shape.setdefault((method, len(parts)), []).append((parts, handler))
            self._methods.add(method)

    def find(self, method: str, segments: list[str]) -> Found[Handler] | None:
        """The handler for a method and the segments of a path, with the path's parameters."""
        for parts, handler in self._by_shape.get((method, len(segments)), ()):
            params: dict[str, str] = {}
            for part, segment in zip(parts, segments, strict=True):
                if part.startswith("{"):
                    params[part[1:-1]] = segment
                elif part != self._word(segment):
                    break
            else:
                return handler, params
        return None

    def has_path(self, segments: list[str]) -> bool:
        """Whether some method has a route for a path."""
        return any(self.find(method, segments) for method in self._methods)

    def _word(self, text: str) -> str:
        return text if self._exact else text.lower()
