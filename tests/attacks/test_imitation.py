"""Names that say somebody else: an e-mail address that is not one's own, the portal itself, letters that look alike."""

import re
import uuid
from typing import Any

import pytest
from django.test import Client

from tests.browsing import fill_in, text_of
from tests.conftest import World, confirmed, last_entry, say, signed_in
from tests.invitations import link
from vaults.actions import connections
from vaults.actions.connections import Credential
from vaults.actions.scans import scan_vault
from vaults.actors import Person, System
from vaults.audit import verification
from vaults.audit.appending import append
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.models import AuditEntry, Connection, Membership, User
from vaults.names import UnfitName
from vaults.permissions import Action, Role

pytestmark = pytest.mark.sweep

V = "/vaults/kv-shop-prod"
OWNER = "owner@example.com"

LIKE_AN_ADDRESS = [
    "owner@example.test", "Olga <owner@example.com>", "owner＠example.test", "owner﹫example．test", "ownerⓐexample.test",
    "owner (at) example.test", "owner[at]example.test", "owner at example dot test", "@olga",
    "olga example.test", "ownerATexample.com", "owner_at_example.com", "owner◎example.com", "owner at example·com",
    "owner аt example.com", "owner ɑt example.com", "owner at example com", "<>", "Olga <>", "www.Example.com",
]  # fmt: skip
LIKE_THE_SYSTEM = [
    "kvportal", "KvPortal", "kv-portal", "k v p o r t a l", "kvpоrtal", "kvporta1", "kvportaI", "kvp0rtal", "kvpórtal",
    "ｋｖｐｏｒｔａｌ", "𝐤𝐯𝐩𝐨𝐫𝐭𝐚𝐥", "ᴋᴠᴘᴏʀᴛᴀʟ", "kvportal (system)", "🔒 kvportal", "my kvportal", "KVPORTAL™", "kvportal2",
    "the portal", "The  Portal", "theportal", "the portal itself", "⚙ the portal", "p0rtal", "worker", "vvorker", "worker 1",
    "the background worker", "system", "SYSTEM", "ѕуѕтем", "systern", "system.", "root", "a command on the server",
    "automatic scan", "owner", "Owner of the team", "unknown", "somebody", "You", "not signed in", "deleted account",
    "no such account any more", "scheduled scan", "Automatic", "Microsoft Support", "Система", "Sistema", "système",
    "Shop owner", "Shop 0wner", "Olga Brandt · owner", "Olga Brandt (owner)", "Olga (as of today)", "Olga Brandt - reader",
    "Olga, reader", "Olga as of today",
]  # fmt: skip
UNSEEN = [
    "\u200bOlga", "kv\u200dportal", "Olga\u202eBrandt", "Olga\u2066 Brandt", "Olga\nBrandt", "Olga\rBrandt", "Olga\tB",
    "Olga\u2028Brandt", "Olga\u2003Brandt", "Olga\u00a0Brandt", "Olga\ufe0f", "Olga\u00ad", "\u3164", "\u2800", "\u115f",
    "Olga\U000e0041", "Olga\ue000", "Olga\x7f", "O\u0301\u0302\u0303\u0304lga", "—", "...", "007",
]  # fmt: skip
IN_OTHER_LETTERS = [
    "kvpørtal", "kvporŧal", "kvpoɍtal", "ĸvportal", "ⱪvportal", "ƙvportal", "kvportaǀ", "kvportaⵏ", "ᏦᏙᏢOᎡᎢᎪᏞ", "ꓗꓦꓑꓳꓣꓔꓮꓡ",
    "Ꮪystem", "ꓢYSTEM", "øwner", "ownɘr", "đaemon", "kvpoɾtal", "kvporta∣", "kvporta│", "kvp๐rtal", "кѵроɾтаl", "ĸνρσɾτɑɩ",
    "kvpѳrtal", "oѡner", "Оlga Brandt", "Olgа Brandt", "Ολga", "Олga",
]  # fmt: skip
HOSTILE = [*IN_OTHER_LETTERS, *LIKE_AN_ADDRESS, *LIKE_THE_SYSTEM, *UNSEEN]

GOOD = [
    "", "Olga Brandt", "Ana", "O'Neil", "Jean-Luc Picard", "J. R. R. Tolkien", "Иван Петров", "Γιώργος", "李小龍",
    "محمد علي", "שרה", "Nguyễn Thị Ánh", "นภา", "Søren", "Natalie Portal", "Jane Worker", "Amanda Root", "Matt Atkinson",
    "John Reader", "Dr. Smith", "J.R. Tolkien", "King, Jr.", "Marcel·lí", "卡尔·马克思", "田中 Ken", "김철수", "Kofi Ɔboɔ",
    "Ñandú D’Angelo", "Sam O'Brien-Smith", "अनिल कुमार", "Հայկ", "გიორგი", "ジョン・スミス",
    "Tom 2", "Mary at Shop", "Sysoev", "Bot Ivan", "X Æ A-12",
]  # fmt: skip


def test_such_names_are_refused_at_joining(world: World) -> None:
    address = link(world)
    through = [name for name in HOSTILE if Client().post(address, joining(name)).status_code != 422]
    say(f"names that say somebody else: {len(HOSTILE)}, let through: {len(through)}")
    assert through == []
    assert not User.objects.filter(email="new@example.com").exists()


def joining(name: str) -> dict[str, str]:
    return {"name": name, "password": "a sentence is good"}


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("owner@example.test", "can't look like an e-mail address"),
        ("kvportal", "what the portal itself is called"),
        ("Olga\u202eBrandt", "without line ends, hidden marks"),
    ],
)
def test_it_is_said_why_and_nothing_typed_is_lost(name: str, why: str, world: World) -> None:
    answer = Client().post(link(world), joining(name))
    assert why in text_of(answer)
    assert f'value="{name}"' in answer.content.decode()


@pytest.mark.parametrize("name", GOOD)
def test_people_may_have_their_names(name: str, world: World) -> None:
    assert fill_in(Client(), link(world), name=name, password="a sentence is good").status_code == 302
    assert str(User.objects.get(email="new@example.com")) == (name or "new@example.com")


def test_the_action_refuses_them_too(world: World) -> None:
    from vaults.actions.teams import join_team

    token = link(world).split("/")[2]
    with pytest.raises(UnfitName):
        join_team(token, "", "kvportal", "a sentence is good")


@pytest.fixture
def impostor(world: World) -> User:
    """An account of an earlier version, with the owner's address for a name."""
    User.objects.filter(pk=world.rafi.pk).update(name=OWNER)
    return User.objects.get(pk=world.rafi.pk)


def who_cells(page: Any) -> list[str]:
    """What the pages say in each place that tells who it was, without tags."""
    found = re.findall(
        r'<span class="who[^"]*">([^<]*|.*?</span>)</span>', re.sub(r"<svg.*?</svg>", "⚙", page), re.DOTALL
    )
    return [" ".join(re.sub(r"<[^>]+>", " ", each).split()) for each in found]


def test_an_account_with_such_a_name_is_shown_by_its_address(
    impostor: User, olga: Client, world: World, azure: VaultClient
) -> None:
    azure.secrets.set("kept", "hidden")
    confirmed(signed_in(impostor)).post(f"{V}/secrets/kept/reveal/", {"version": ""})
    event = last_entry(Action.SECRET_REVEAL).event
    for path in ("/audit/", f"/audit/{event}/", f"{V}/secrets/kept/", "/"):
        cells = who_cells(olga.get(path).content.decode())
        assert "reader@example.com reader" in cells, path
    assert OWNER not in text_of(signed_in(impostor).get("/account/password/change/"))


def test_the_trail_keeps_address_and_role_whatever_the_name(
    olga: Client, world: World, azure: VaultClient, emulator: Emulator
) -> None:
    azure.secrets.set("kept", "hidden")
    confirmed(signed_in(world.rafi)).post(f"{V}/secrets/kept/reveal/", {"version": ""})
    entry = last_entry(Action.SECRET_REVEAL)
    assert (entry.source, entry.because) == ("person", "role:reader")
    assert entry.detail == {"actor_email": "reader@example.com", "actor_role": "reader"}
    User.objects.filter(pk=world.rafi.pk).delete()  # the entry outlives the account
    for path in ("/audit/", f"/audit/{entry.event}/", f"{V}/secrets/kept/", "/"):
        assert "reader@example.com reader" in who_cells(olga.get(path).content.decode()), path
    assert all(each.broken is None for each in verification.verify_all().values())


def test_everybody_who_acts_is_kept_with_address_and_role(olga: Client, world: World) -> None:
    """All acts of a walk through the portal, those that were refused with them."""
    for role, user in world.members.items():
        browser = confirmed(signed_in(user))
        browser.get(f"{V}/secrets/")
        browser.post(f"{V}/new/secret/", {"name": f"by-{role}", "value": "v", "enabled": "on"})
        browser.post("/team/invite/", {"email": "x@example.com", "role": "viewer"})
        browser.post("/audit/verify/")
    people = {str(user.pk): (user.email, role) for role, user in world.members.items()}
    entries = AuditEntry.objects.exclude(actor_id=None)
    assert len(entries) > 30
    wrong = [
        entry.action
        for entry in entries
        if (entry.detail.get("actor_email"), entry.detail.get("actor_role")) != people[str(entry.actor_id)]
        or entry.source != "person"
    ]
    assert wrong == []


def test_the_portals_own_acts_look_like_no_persons(olga: Client, world: World) -> None:
    scan_vault(System(), world.vault)
    assert last_entry(Action.VAULT_SCAN).source == "portal"
    page = olga.get("/audit/?show=all").content.decode()
    assert "⚙the portal itself" in who_cells(page)
    assert 'class="who who-nobody"' in page


def old_entry(
    world: World, actor: User | None, label: str, action: Action = Action.SECRET_REVEAL, name: str = ""
) -> str:
    """An entry of an earlier version: it knows what the person was called and nothing more."""
    entry = AuditEntry(
        event=uuid.uuid4(), state="succeeded", team_id=world.team.pk, team_name=world.team.name, actor_label=label,
        actor_id=actor.pk if actor else None, action=action, name=name, vault_id=world.vault.pk, vault_name="kv-shop-prod",
    )  # fmt: skip
    append(entry)
    return f"/audit/{entry.event}/"


def test_an_old_entry_is_shown_by_the_accounts_address_of_today(olga: Client, world: World) -> None:
    for label in (OWNER, "kvportal", "Rafi Haddad"):
        cells = who_cells(main_of(olga.get(old_entry(world, world.rafi, label))))
        assert set(cells) == {"reader@example.com (as of today)"}


def test_an_old_entry_of_an_account_that_is_gone_says_so(olga: Client, world: World) -> None:
    gone = User(email="gone@example.com")
    for label in (OWNER, "kvportal", "Rafi Haddad"):
        cells = who_cells(main_of(olga.get(old_entry(world, gone, label))))
        assert set(cells) == {f"“{label}” no such account any more"}


def test_an_old_joining_under_the_systems_name_is_a_persons(olga: Client, world: World) -> None:
    address = old_entry(world, None, "kvportal", Action.MEMBER_JOIN, "thief@example.com")
    assert set(who_cells(main_of(olga.get(address)))) == {"thief@example.com"}
    assert set(who_cells(main_of(olga.get(old_entry(world, None, "kvportal", Action.VAULT_SCAN))))) == {
        "⚙the portal itself"
    }


def main_of(page: Any) -> str:
    """Without the sidebar, where one's own name stands."""
    return str(page.content.decode().partition('<main class="content"')[2])


def test_acts_are_found_by_address_and_role(olga: Client, world: World) -> None:
    signed_in(world.rafi).get(f"{V}/secrets/")
    old = old_entry(world, world.members[Role.WRITER], "Somebody Else").split("/")[2]
    for query, actions in (
        ("reader@example.com", ["secret.list"]),
        ("reader", ["secret.list"]),
        ("haddad", ["secret.list"]),
    ):
        assert [
            entry.action for entry in olga.get(f"/audit/?show=all&q={query}").context["page"].object_list
        ] == actions
    assert [
        str(entry.event) for entry in olga.get("/audit/?show=all&q=writer@example.com").context["page"].object_list
    ] == [old]


def test_members_are_told_apart_wherever_they_are_named(olga: Client, world: World) -> None:
    User.objects.filter(pk=world.members[Role.VIEWER].pk).update(name="Rafi Haddad")
    page = olga.get("/team/").content.decode()
    for address in ("reader@example.com", "viewer@example.com"):
        assert f"Remove Rafi Haddad ({address}) from the team" in page
        assert f'aria-label="Role of Rafi Haddad ({address})"' in page
    membership = Membership.objects.get(user=world.rafi)
    done = olga.post(f"/team/members/{membership.pk}/role/", {"role": "viewer"}, follow=True)
    assert "Rafi Haddad (reader@example.com) is now a viewer." in text_of(done)
    assert "Olga Brandt owner@example.com · owner" in who_cells(olga.get("/").content.decode())


# Connections: their names stand beside people's in the record

IMITATES = [
    "\u202etrops", "sp\u200bshop", "\u3164", "\u2800", "sp\nshop", "sp\rshop", "sp\u2028shop", "sp\u00a0shop", "sp\tshop",
    "sp\ufe0f", "s\u0301\u0302\u0303\u0304p", "—", "...", "⚙ the portal itself", "the portal itself", "The Portal  Itself",
    "the-portal-itself", "the portal (itself)",
    "the pоrtal itself", "a command on the server", "somebody not signed in", "🔒 sp-shop",
    "Olga Brandt owner@example.com · owner", "owner@example.com", "owner＠example.com",
]  # fmt: skip
FITS = [
    "sp-shop-admin",
    "Shop (prod)",
    "Магазин prod",
    "7",
    "kvportal",
    "reader",
    "a_b/c#1 + d",
    "李小龍",
    "worker of shop.example.com",
]


def test_connections_cannot_be_called_so(olga: Client, world: World) -> None:
    typed = {"cloud": "local", "tenant_id": "contoso.test", "client_id": str(uuid.uuid4()), "client_secret": "x"}
    edit = f"/connections/{world.connection.pk}/edit/"
    for name in IMITATES:
        made = olga.post("/new/connection/", {**typed, "name": name})
        renamed = olga.post(edit, {**typed, "name": name, "revision": world.connection.revision})
        assert (made.status_code, renamed.status_code) == (422, 422), repr(name)
        assert made.context["form"].has_error("name"), repr(name)
    assert list(Connection.objects.values_list("name", flat=True)) == ["sp-shop-admin"]
    for name in FITS[1:]:
        assert olga.post("/new/connection/", {**typed, "name": name}).status_code == 302, name
    say(f"names of connections that read like somebody or hide something: {len(IMITATES)}, let through: 0")


def test_the_actions_refuse_such_connections_too(world: World) -> None:
    for name in IMITATES:
        world.connection.name = name
        with pytest.raises(UnfitName):
            connections.create_connection(
                Person(world.olga), world.team, world.connection, Credential(client_secret="x")
            )
        with pytest.raises(UnfitName):
            connections.update_connection(Person(world.olga), world.connection, Credential())
