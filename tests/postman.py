"""Runs a Postman collection as Postman does: variables, requests in their order, and what its scripts keep of the answers."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import requests

VARIABLE = re.compile(r"\{\{(\w+)\}\}")
KEEP = re.compile(
    r'pm\.(?:collectionVariables|variables)\.set\("(\w+)", pm\.response\.json\(\)\.([\w.]+?)(\.split.*)?\);'
)
CHECK = re.compile(r"oneOf\((\[.*?\])\)")


@dataclass
class Run:
    """`send` sends a request; `between` is done before each request, such as letting time pass."""

    collection: dict[str, Any]
    send: Callable[[requests.Request], requests.Response]
    between: Callable[[str], None]
    variables: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.variables = {each["key"]: each["value"] for each in self.collection["variable"]} | self.variables

    def all(self) -> dict[str, tuple[int, bool]]:
        """By "folder: request": the status, and whether the request's own check is content with it."""
        return {name: self._one(name, item) for name, item in items(self.collection)}

    def _one(self, name: str, item: dict[str, Any]) -> tuple[int, bool]:
        self.between(name)
        answer = self.send(self._request(item["request"]))
        content = True
        for line in [line for event in item["event"] for line in event["script"]["exec"]]:
            if check := CHECK.search(line):
                content = answer.status_code in json.loads(check[1])
            elif kept := KEEP.fullmatch(line):
                self.variables[kept[1]] = member(answer.json(), kept[2], last=bool(kept[3]))
            else:
                raise AssertionError(f"a script that this runner does not know: {line}")
        return answer.status_code, content

    def _request(self, request: dict[str, Any]) -> requests.Request:
        auth = request.get("auth", self.collection["auth"])
        headers = {each["key"]: each["value"] for each in request["header"]}
        if auth["type"] == "bearer":
            headers["Authorization"] = f"Bearer {self.filled(auth['bearer'][0]['value'])}"
        body = request.get("body", {"mode": "none"})
        data: dict[str, str] | str | None = None
        if body["mode"] == "urlencoded":
            data = {each["key"]: self.filled(each["value"]) for each in body["urlencoded"]}
        elif body["mode"] == "raw":
            data = self.filled(body["raw"])
        return requests.Request(request["method"], self.filled(request["url"]["raw"]), headers, data=data)

    def filled(self, text: str) -> str:
        return VARIABLE.sub(lambda found: self.variables[found[1]], text)


def items(collection: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """All requests, each named with its folder."""
    for item in collection["item"]:
        if "item" in item:
            yield from ((f"{item['name']}: {inner['name']}", inner) for inner in item["item"])
        else:
            yield item["name"], item


def member(answer: Any, path: str, *, last: bool) -> str:
    for name in path.split("."):
        answer = answer[name]
    return str(answer).split("/")[-1] if last else str(answer)
