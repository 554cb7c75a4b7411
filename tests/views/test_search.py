"""What the inventory's search finds, and what it says it has left out."""

import pytest
from django.test import Client
from django.utils import timezone

from tests.browsing import text_of
from tests.conftest import World
from vaults.models import InventoryItem

pytestmark = pytest.mark.slow

TAGS = {
    "service": "search",
    "cost center": "42 a",
    "städte": "Köln",
    "a=b": "c=d",
    "quoted": 'say "hi" \\ there',
    "flag": "",
}


@pytest.fixture
def items(world: World) -> None:
    world.vault.scanned_at = timezone.now()
    world.vault.save()

    def add(name: str, kind: str = "secret", **fields: object) -> None:
        InventoryItem.objects.create(vault=world.vault, kind=kind, name=name, **{"enabled": True, **fields})

    add("tagged", tags=TAGS)
    add("other", tags={"service": "shop", "search": "service"})
    add("gone-db", deleted_on=timezone.now())
    add("gone-too", deleted_on=timezone.now(), tags={"service": "search"})
    add("live-db")
    add("tls", "certificate")
    add("tls", "key", managed=True)


def found(olga: Client, **query: str) -> set[str]:
    return {item.name for item in olga.get("/inventory/", query).context["page"]}


@pytest.mark.sweep
@pytest.mark.usefixtures("items")
@pytest.mark.parametrize(
    "text",
    [
        "service=search",
        "SERVICE=Search",
        "service=",
        "=search",
        "cost center=42 a",
        "städte=Köln",
        "Köln",
        "a=b=c=d",
        "flag",
        'quoted=say "hi" \\ there',
        "service=search flag",
    ],
)
def test_what_a_label_shows_is_found(text: str, olga: Client) -> None:
    assert "tagged" in found(olga, q=text)


@pytest.mark.usefixtures("items")
def test_the_value_belongs_to_the_name(olga: Client) -> None:
    assert found(olga, q="service=search") == {"tagged"}
    assert found(olga, q="search=service") == {"other"}
    assert found(olga, q="owner=search") == set()
    assert found(olga, q="=" * 400) == set()


@pytest.mark.usefixtures("items")
def test_a_deleted_item_of_the_name_is_hinted_at(olga: Client) -> None:
    page = olga.get("/inventory/", {"q": "gone-db"})
    assert "1 deleted item matches the search too" in text_of(page)
    assert "Nothing matches" in text_of(page)
    assert 'href="?q=gone-db&amp;state=deleted"' in page.content.decode()
    assert found(olga, q="gone-db", state="deleted") == {"gone-db"}
    assert "matches the search too" not in text_of(olga.get("/inventory/", {"q": "gone-db", "state": "deleted"}))


@pytest.mark.usefixtures("items")
def test_the_hint_stands_beside_live_ones_too_and_follows_every_word(olga: Client) -> None:
    assert "1 deleted item matches the search too" in text_of(olga.get("/inventory/", {"q": "db"}))
    assert "2 deleted items match the search too" in text_of(olga.get("/inventory/", {"q": "gone"}))
    assert "1 deleted item matches" in text_of(olga.get("/inventory/", {"q": "service=search"}))
    assert "deleted item" not in text_of(olga.get("/inventory/", {"q": "tagged"}))
    assert "search too" not in text_of(olga.get("/inventory/"))


@pytest.mark.usefixtures("items")
def test_the_hint_comes_with_what_is_swapped_in(olga: Client) -> None:
    part = olga.get("/inventory/", {"q": "gone-db"}, headers={"hx-request": "true"})
    assert "1 deleted item matches" in part.content.decode()


@pytest.mark.usefixtures("items")
def test_what_belongs_to_a_certificate_is_hinted_at(olga: Client) -> None:
    words = text_of(olga.get("/inventory/", {"q": "tls", "kind": "key"}))
    assert "1 item that belongs to a certificate matches the search too" in words
    assert found(olga, q="tls", kind="key", managed="on") == {"tls"}


@pytest.mark.usefixtures("items")
@pytest.mark.parametrize("path", ["/inventory/", "/audit/"])
def test_a_search_that_is_cut_says_so(path: str, olga: Client) -> None:
    assert "Only the first 8 words" in text_of(olga.get(path, {"q": "a b c d e f g h i"}))
    assert "Only the first" in text_of(olga.get(path, {"q": "x" * 501}))
    assert "Only the first" not in text_of(olga.get(path, {"q": "a b c d e f g h"}))
