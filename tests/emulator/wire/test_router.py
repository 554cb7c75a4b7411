"""The router that all faces use."""

import pytest

from vaults.emulator.wire.router import Router

ROUTES = (
    ("GET", "secrets", "list"),
    ("GET", "secrets/{name}", "get"),
    ("GET", "secrets/{name}/versions", "versions"),
    ("GET", "secrets/{name}/{version}", "one version"),
    ("POST", "Restore/{name}", "restore"),
)


@pytest.mark.parametrize(
    ("method", "path", "found"),
    [
        ("GET", "secrets", ("list", {})),
        ("GET", "Secrets/Db-Password", ("get", {"name": "Db-Password"})),
        ("GET", "secrets/a/VERSIONS", ("versions", {"name": "a"})),
        ("GET", "secrets/a/b", ("one version", {"name": "a", "version": "b"})),
        ("POST", "restore/a", ("restore", {"name": "a"})),
        ("PUT", "secrets", None),
        ("GET", "secrets/a/b/c", None),
        ("GET", "", None),
    ],
)
def test_routes_are_tried_in_their_order(method: str, path: str, found: tuple[str, dict[str, str]] | None) -> None:
    assert Router(ROUTES).find(method, path.split("/")) == found


def test_an_exact_router_compares_with_case() -> None:
    router = Router(ROUTES, exact=True)
    assert router.find("POST", ["restore", "a"]) is None
    assert router.find("POST", ["Restore", "a"]) == ("restore", {"name": "a"})


def test_a_path_may_have_a_route_for_another_method() -> None:
    router = Router(ROUTES)
    assert router.has_path(["secrets"])
    assert router.has_path(["RESTORE", "a"])
    assert not router.has_path(["restore"])
    assert not router.has_path([])
