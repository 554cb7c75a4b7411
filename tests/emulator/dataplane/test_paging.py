import pytest

from tests.emulator.caller import VAULT, Caller, refusal
from vaults.emulator import Emulator
from vaults.emulator.samples.seed import add_secrets


def test_pages_of_25_with_an_absolute_link(emulator: Emulator, admin: Caller) -> None:
    add_secrets(emulator, VAULT, 60)
    answer = admin.get("secrets").json()
    assert answer["nextLink"].startswith(f"https://{VAULT}.vault.test:443/secrets?api-version=7.3&$skiptoken=")
    pages = admin.walk("secrets")
    assert [len(page) for page in pages] == [25, 25, 10]
    ids = [item["id"] for page in pages for item in page]
    assert len(set(ids)) == 60
    assert all(each.startswith(f"https://{VAULT}.vault.test/secrets/") for each in ids)  # without the link's port


def test_maxresults_is_kept_in_the_link(emulator: Emulator, admin: Caller) -> None:
    add_secrets(emulator, VAULT, 7)
    assert [len(page) for page in admin.walk("secrets", maxresults=3)] == [3, 3, 1]
    assert [len(page) for page in admin.walk("secrets", maxresults=7)] == [7]


@pytest.mark.parametrize("size", ["0", "26", "-1", "x", "1.5", "99999999999"])
def test_sizes_that_are_refused(admin: Caller, size: str) -> None:
    assert refusal(admin.get("secrets", maxresults=size)) == (400, "BadParameter", None)


@pytest.mark.parametrize("token", ["", "x", "e30", "W10", "!!!"])
def test_tokens_that_are_refused(admin: Caller, token: str) -> None:
    assert refusal(admin.get("secrets", **{"$skiptoken": token})) == (400, "BadParameter", None)


def test_versions_and_deleted_ones_are_paged_alike(admin: Caller) -> None:
    for number in range(5):
        admin.put("secrets/a", {"value": "1"})
        admin.put(f"secrets/b{number}", {"value": "1"})
        admin.delete(f"secrets/b{number}")
    assert [len(page) for page in admin.walk("secrets/a/versions", maxresults=2)] == [2, 2, 1]
    assert [len(page) for page in admin.walk("deletedsecrets", maxresults=2)] == [2, 2, 1]
    assert admin.walk("secrets/absent/versions") == [[]]


def test_empty_pages_on_demand(emulator: Emulator, admin: Caller) -> None:
    add_secrets(emulator, VAULT, 30)
    emulator.empty_pages(3, path="/secrets$")
    assert [len(page) for page in admin.walk("secrets")] == [0, 0, 0, 25, 5]
