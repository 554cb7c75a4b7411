"""Each page gives its templates every name that they ask for: what is not there is given as None, False, "" or nothing.

Django has no setting for that. `string_if_invalid`, which pytest-django's `--fail-on-template-vars` builds on, is asked only
for what is put out: an undefined name in `{% if %}`, `{% for %}` or `{% firstof %}` passes, and behind a `default` too.
django-fastdev replaces methods of Django's. The tests listen to Django's own record of failed lookups instead
(`tests.undefined`), which has all of these, and changes nothing of what is rendered.

The fixture `undefined` in the conftest listens during every test, so whatever a test of this suite looks at is held to it.
Here are all addresses together, as pages and as parts, full, empty and refused, and the pages without a view of ours.

What may be missing all the same is a key of a mapping and a member of None, as in `operation.is_pending` where there is no
operation. A method that needs arguments leaves no record and is rendered as nothing.
"""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.template import Context, Engine, Origin, Template
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from django.views import defaults

from kvportal.serving import error_page
from tests.conftest import PASSWORD, World, make_connection, make_vault, signed_in
from tests.undefined import OURS
from tests.views.rights import TABLE, V
from tests.views.test_rights import places  # noqa: F401  # a fixture
from vaults.actions import teams
from vaults.actions.scans import scan_vault
from vaults.actors import Person, System
from vaults.emulator import ADMIN, Emulator
from vaults.keyvault.client import VaultClient
from vaults.models import Connection, InventoryItem, Invitation, Membership, User, Vault
from vaults.permissions import Role

pytestmark = pytest.mark.slow

PART = {"HX-Request": "true"}


def addresses(places: dict[str, object]) -> Iterator[str]:  # noqa: F811
    """Every address that is looked at."""
    for name, (method, arguments, _, _) in TABLE.items():
        if method == "get":
            yield reverse(name, args=[places.get(str(argument), argument) for argument in arguments])


def look(client: Client, *paths: str) -> None:
    """As pages, and as the parts that htmx swaps in."""
    for path in paths:
        client.get(path)
        client.get(path, headers=PART)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("{{ missing }}", "no missing"),
        ('{{ missing|default:"" }}', "no missing"),
        ("{% if missing %}{% endif %}", "no missing"),
        ("{% if not known and not missing %}{% endif %}", "no missing"),
        ("{% for each in missing %}{% endfor %}", "no missing"),
        ("{% with each=missing %}{% endwith %}", "no missing"),
        ("{% firstof missing known %}", "no missing"),
        ('{% badge "ok" missing %}', "no missing"),
        ('{% include "includes/copy.html" with text=missing what="" %}', "no missing"),
        ("{{ problem.missing }}", "no missing of a Client"),
    ],
)
def test_an_undefined_name_is_found_wherever_it_stands(source: str, found: str, undefined: set[str]) -> None:
    made_up = Template(source, Origin(str(OURS / "made_up.html"), "made_up.html"), "made_up.html", Engine.get_default())
    made_up.render(Context({"known": "", "problem": Client()}))
    assert undefined == {f"made_up.html:1: {found}"}
    undefined.clear()


def test_an_include_is_given_all_its_parameters(undefined: set[str]) -> None:
    render_to_string("includes/copy.html", {"text": "x"})
    assert undefined == {"includes/copy.html:1: no what"}
    undefined.clear()


def test_a_key_of_a_mapping_and_a_member_of_none_may_be_missing(undefined: set[str]) -> None:
    origin = Origin(str(OURS / "made_up.html"), "made_up.html")
    made_up = Template("{{ odd.enabled }}{{ operation.is_pending }}", origin, "made_up.html", Engine.get_default())
    made_up.render(Context({"odd": {}, "operation": None}))
    assert undefined == set()


@pytest.mark.parametrize("role", [Role.OWNER, Role.VIEWER])
def test_every_page_and_part(role: Role, world: World, places: dict[str, object]) -> None:  # noqa: F811
    scan_vault(System(), world.vault)
    look(signed_in(world.members[role]), *addresses(places), "/account/password/change/")


def test_every_form_that_comes_back(olga: Client, places: dict[str, object]) -> None:  # noqa: F811
    for path in addresses(places):
        olga.post(path, {"opened_on": "another"})


@pytest.mark.parametrize("verbs", [("get",), ("list",), ("get", "list")])
def test_every_page_of_a_vault_in_which_permissions_are_missing(
    verbs: tuple[str, ...],
    olga: Client,
    world: World,
    places: dict[str, object],  # noqa: F811
    emulator: Emulator,
) -> None:
    scan_vault(System(), world.vault)
    emulator.deny(*(f"{kind}/{verb}" for kind in ("secrets", "keys", "certificates") for verb in verbs))
    look(olga, *(path for path in addresses(places) if V in path))


def test_every_page_of_a_vault_that_fails(
    olga: Client,
    sick_vault: Vault,
    places: dict[str, object],  # noqa: F811
    emulator: Emulator,
) -> None:
    Vault.objects.filter(pk=sick_vault.pk).update(scanned_at=timezone.now(), scan_problem="vault.failed")
    InventoryItem.objects.create(vault=sick_vault, kind="secret", name="known", enabled=True)
    emulator.fail(1000, 500, retry_after="60")
    look(olga, *(path.replace(V, sick_vault.slug) for path in addresses(places) if V in path))


def test_lists_that_are_empty_and_a_team_that_has_nothing(world: World) -> None:
    lists = ("secrets/", "keys/", "certificates/", "deleted/", "")
    look(signed_in(world.olga), *(f"/vaults/{V}/{each}" for each in lists))
    look(signed_in(world.otto), "/", "/vaults/", "/inventory/", "/audit/", "/connections/", "/team/", "/new/vault/")
    look(signed_in(User.objects.create_user("nobody@example.com", PASSWORD)), "/", f"/vaults/{V}/secrets/")


def test_lists_that_are_long(olga: Client, world: World, azure: VaultClient) -> None:
    for number in range(30):
        azure.secrets.set(f"item-{number}", "hidden")
    for number in range(10):
        make_vault(connection=world.connection, name=f"kv-{number}", slug=f"kv-{number}")
    scan_vault(System(), world.vault)
    look(olga, f"/vaults/{V}/secrets/", "/inventory/?q=item", "/inventory/?q=nowhere", "/vaults/?q=kv", "/vaults/?q=x")
    look(olga, "/audit/?q=olga", "/audit/?q=nowhere&show=all", "/go/?id=https://kv-elsewhere.vault.test/secrets/a", "/")


def test_a_scan_under_way_and_one_cut_off(olga: Client, world: World) -> None:
    for at in (timezone.now(), timezone.now() - timedelta(days=1)):
        Vault.objects.update(scan_started_at=at, scan_seen_at=at)
        look(olga, f"/vaults/{V}/", "/vaults/")


def test_the_value_of_a_secret(olga: Client, world: World, azure: VaultClient, emulator: Emulator) -> None:
    azure.secrets.set("hidden", "value")
    address = f"/vaults/{V}/secrets/hidden/reveal/"
    emulator.deny("secrets/list")
    for browser in (olga, signed_in(world.rafi)):
        for version in ("", azure.secrets.get("hidden").properties.version):
            browser.post(address, {"version": version})
            browser.post(address, {"version": version}, headers=PART)


def test_the_team_and_its_links(olga: Client, world: World) -> None:
    olga.post("/team/invite/", {"email": "new@example.com", "role": "viewer"})
    late = signed_in(world.olga)
    member = Membership.objects.get(user=world.rafi).pk
    for path in ("/team/invite/", f"/team/members/{member}/role/", f"/team/members/{member}/remove/"):
        late.post(path, {"email": "other@example.com", "role": "viewer"})
    known = teams.invite_member(Person(world.olga), world.team, world.otto.email, Role.VIEWER)
    fresh = Invitation.issue(world.team, Role.VIEWER, "new@example.com", world.olga)[1]
    for browser in (Client(), olga, signed_in(world.otto)):
        for token in (known, fresh, "spent"):
            browser.get(f"/join/{token}/")
            browser.post(f"/join/{token}/", {})


def test_a_connection_that_was_tested(olga: Client, world: World) -> None:
    broken = make_connection(world.team, "sp-broken", ADMIN.client_id, "another")
    for connection in (world.connection, broken):
        olga.post(f"/connections/{connection.pk}/test/")
        olga.post(f"/connections/{connection.pk}/test/", headers=PART)
    Connection.objects.update(credential_expires_on=timezone.now())
    look(olga, "/connections/", f"/connections/{broken.pk}/", f"/connections/{broken.pk}/delete/")


def test_the_way_in(db: None, world: World) -> None:
    stranger = Client()
    for path in ("login/", "login/?notice=ended", "inactive/", "logout/", "reauthenticate/", "password/change/"):
        stranger.get(f"/account/{path}")
        signed_in(world.rafi).get(f"/account/{path}")
    stranger.post("/account/login/", {"login": "olga@example.com", "password": "wrong"})
    signed_in(world.rafi).post("/account/password/change/", {})
    signed_in(world.rafi).post("/account/reauthenticate/", {"password": "wrong"})


def test_what_is_no_page(olga: Client, world: World) -> None:
    for browser in (Client(), olga):
        browser.get("/nowhere/")
        browser.get(f"/vaults/{V}/nowhere/")
        browser.get("/vaults/nowhere/")
        browser.get("/team/invite/")
    signed_in(world.rafi).get("/team/invite/")
    signed_in(world.rafi, enforce_csrf_checks=True).post("/team/invite/")
    request = RequestFactory().get("/")
    defaults.server_error(request)
    defaults.bad_request(request, ValueError())
    error_page(400, "Not understood", "Send it again.")


def test_a_form_that_was_sent_twice(olga: Client) -> None:
    sent = {"form_key": "7b3c2c62-0f3e-4f4c-9d8a-3a3c2f0e5a11", "name": "new", "value": "hidden", "enabled": "true"}
    path = f"/vaults/{V}/secrets/new/"
    for changed in ({}, {"value": "other"}):
        olga.post(path, {**sent, **changed})
