"""Microsoft's clients, sync and async, behind one way of calling them that notes which methods did their work."""

import inspect
from typing import Any

import pytest
from azure.core.async_paging import AsyncItemPaged
from azure.core.exceptions import HttpResponseError
from azure.core.paging import ItemPaged
from azure.core.polling import LROPoller


class Watched:
    """One client, called by the names of the sync one: `await watched("begin_delete_secret", "a")`.

    Results are waited for: pollers until they are done, lists to their last page.
    """

    def __init__(self, client: Any, api_version: str) -> None:
        self.client = client
        self.api_version = api_version
        self.done: set[str] = set()
        self.refused: set[str] = set()
        self.not_offered: set[str] = set()

    async def __call__(self, method: str, *args: Any, **options: Any) -> Any:
        name = self._name(method)
        found = getattr(self.client, name)(*args, **options)
        if isinstance(found, LROPoller):
            found.wait()  # some of these clients' pollers give a result before they are done
            found = found.result()
        elif isinstance(found, ItemPaged):
            found = list(found)
        elif isinstance(found, AsyncItemPaged):
            found = [each async for each in found]
        elif inspect.isawaitable(found):
            found = await found
        self.done.add(name)
        return found

    async def is_refused(self, method: str, *args: Any, status: int, **options: Any) -> None:
        """Call a method that the vault must refuse, as Azure refuses it in a vault of this kind or this API version."""
        with pytest.raises(HttpResponseError) as refusal:
            await self(method, *args, **options)
        assert refusal.value.status_code == status, refusal.value
        self.refused.add(self._name(method))

    async def comes_later(self, method: str, *args: Any, **options: Any) -> None:
        """Call a method of a later API version: the client says so itself, or the vault knows no such operation."""
        with pytest.raises((ValueError, HttpResponseError)) as refusal:
            await self(method, *args, **options)
        if isinstance(refusal.value, HttpResponseError):
            assert refusal.value.status_code in (404, 405), refusal.value
            self.refused.add(self._name(method))
        else:
            assert "is not available in API version" in str(refusal.value)
            self.not_offered.add(self._name(method))

    def _name(self, method: str) -> str:
        """The method in this client: what begins and polls in the sync clients is one coroutine in the async ones."""
        return method if hasattr(self.client, method) else method.removeprefix("begin_")


def public_methods(client: type) -> set[str]:
    """All public methods of a client class, its properties left out."""
    return {name for name, member in inspect.getmembers(client, callable) if not name.startswith("_")}
