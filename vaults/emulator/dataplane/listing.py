"""Pages: 25 items at most, and a link to the next page.

Source: Key Vault REST, Get Secrets and similar operations. The link is absolute, has a port, and an opaque token with the
name of the last item; the query continues after that name, so that the last page costs as much as the first.
"""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from vaults.emulator.dataplane.call import Call
from vaults.emulator.state.entries import DELETED, LIVE, Listed, Row, listed
from vaults.emulator.wire import jwt, rules
from vaults.emulator.wire.errors import bad_parameter
from vaults.emulator.wire.http import JSON_TYPE, Response, json_response, json_text
from vaults.emulator.wire.kinds import Kind

Show = Callable[[Call, Listed], dict[str, Any]]

REMEMBERED = 5000  # list items; some two megabytes


def list_objects(call: Call, kind: Kind, show: Show, *, with_unlisted: bool = False) -> Response:
    """A page of live objects."""
    return _page(call, kind, LIVE, kind.collection, show, with_unlisted=with_unlisted)


def list_deleted(call: Call, kind: Kind, show: Show, *, with_unlisted: bool = False) -> Response:
    """A page of soft-deleted objects; the first members of an item are its dates of deletion and purge."""

    def show_deleted(call: Call, listed: Listed) -> dict[str, Any]:
        return call.deletion(kind, listed.entry) | show(call, listed)

    return _page(call, kind, DELETED, kind.deleted, show_deleted, with_unlisted=with_unlisted)


def list_versions(call: Call, kind: Kind, show: Show) -> Response:
    """A page of one object's versions; as in Azure, an empty one for an unknown name."""
    size = rules.read_page_size(call.query)
    after = read_token(call)
    with call.service.store.reading() as db:
        table = call.table(db, kind)
        entry = table.entry(call.name)
        rows: list[Listed] = []
        if entry is not None and entry.state == LIVE and entry.settles <= call.service.clock():
            rows = table.version_page(entry, after, size + 1)
    path = f"{kind.collection}/{call.name}/versions"
    last = rows[size - 1].version.version if len(rows) > size else None
    return answer(call, path, [show(call, row) for row in rows[:size]], last)


def answer(call: Call, path: str, items: list[dict[str, Any]], last: str | None) -> Response:
    """The response; `last` is the last item of the page, None for the last page."""
    return json_response(200, {"value": items, "nextLink": next_link(call, path, last)})


def next_link(call: Call, path: str, last: str | None) -> str | None:
    if last is None:
        return None
    marker = jwt.encode(json.dumps({"NextMarker": last, "TargetLocation": 0}).encode())
    kept = {name: call.query[name] for name in ("maxresults", "includePending") if name in call.query}
    query = urlencode({"api-version": call.api_version, "$skiptoken": marker} | kept, safe="$")
    return f"{call.link_base}/{path}?{query}"


def _page(call: Call, kind: Kind, state: str, path: str, show: Show, *, with_unlisted: bool) -> Response:
    size = rules.read_page_size(call.query)
    after = read_token(call)
    with call.service.store.reading() as db:
        rows = call.table(db, kind).page(state, after, size + 1, with_unlisted=with_unlisted)
    last = rows[size - 1][0].lower() if len(rows) > size else None
    items = ",".join([_item_text(call, kind, show, row) for row in rows[:size]])
    body = f'{{"value":[{items}],"nextLink":{json_text(next_link(call, path, last))}}}'
    return Response(200, body.encode(), [("Content-Type", JSON_TYPE)])


def _item_text(call: Call, kind: Kind, show: Show, row: Row) -> str:
    """An item as JSON, cached by everything that determines it: row, vault, host and API version."""
    vault = call.vault
    key = (kind.collection, row, call.base, call.api_version, vault.recovery_level, vault.retention_days)
    text = _cache.get(key)
    if text is None:
        text = json_text(show(call, listed(row)))
        if len(_cache) >= REMEMBERED:
            _cache.clear()
        _cache[key] = text
    return text


_cache: dict[tuple[Any, ...], str] = {}


def read_token(call: Call) -> str:
    """The name after which the page begins, empty for the first page."""
    token = call.query.get("$skiptoken")
    if token is None:
        return ""
    try:
        marker = json.loads(jwt.decode(token))["NextMarker"]
        marker.encode()
    except (AttributeError, ValueError, KeyError, TypeError):
        raise bad_parameter("The skip token is not valid.") from None
    return str(marker)
