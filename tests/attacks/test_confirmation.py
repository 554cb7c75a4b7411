"""A session that was left open or stolen: what gives or takes access, or hands a value out, asks who is there."""

import base64
import io
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.browsing import Form, forms_of, text_of
from tests.conftest import World, say, session_contents, signed_in
from tests.views.policies import POLICY as RELEASE_POLICY
from tests.views.policies import newest_client
from vaults.azure.errors import NotFound
from vaults.emulator import Emulator
from vaults.emulator.wire.kinds import CERTIFICATE, KEY, SECRET
from vaults.keyvault.algorithms import KeyOperation
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy, Contact, IssuerSettings
from vaults.models import (
    AuditEntry,
    Connection,
    InventoryItem,
    Invitation,
    Membership,
    Submission,
    User,
    Vault,
    VaultConnection,
)
from vaults.permissions import Role

pytestmark = pytest.mark.sweep

PASSWORD, OTHERS, FIELD = "Olga's very own sentence", "Rafi's sentence is another", "confirm_password"
TENANT, APPLICATION = "72f988bf-86f1-41af-91ab-2d7cd011db47", "11111111-2222-4333-8444-555555555555"
V = {"slug": "kv-shop-prod"}
POLICY = CertificatePolicy(issuer_name="Unknown", subject="CN=shop.example")  # stays pending


@dataclass(frozen=True)
class Act:
    """What is sent to an address; `secret` is what no page may hand back."""

    where: dict[str, str]
    typed: dict[str, str] = field(default_factory=dict)
    secret: dict[str, str] = field(default_factory=dict)


#: Whatever gives or takes access to the vaults, hands a value out, or can't be undone.
ASKS: dict[str, Act] = {
    "secret_reveal": Act({**V, "name": "kept"}, {"version": ""}),
    "secret_compare": Act({**V, "name": "kept"}, {"from": "first version", "to": "second version"}),
    "certificate_export": Act(
        {**V, "name": "web"},
        {"format": "pfx", "encryption": "old", "root": "on"},
        {"file_password": "file-p4ssword", "file_password_again": "file-p4ssword"},
    ),
    "key_decrypt": Act({**V, "name": "rsa"}, {"algorithm": "RSA-OAEP", "value_from": "hex", "value": "ciphertext"}),
    "key_unwrap": Act({**V, "name": "rsa"}, {"algorithm": "RSA-OAEP", "value_from": "hex", "value": "ciphertext"}),
    "key_sign": Act({**V, "name": "rsa"}, {"algorithm": "PS256", "value_from": "text", "value": "a text"}),
    "key_release": Act(
        {**V, "name": "exportable"}, {"encryption": "RSA_AES_KEY_WRAP_256", "target": "a.token", "nonce": "1"}
    ),
    "key_secure_unwrap": Act(
        {**V, "name": "rsa"}, {"algorithm": "RSA-OAEP-256", "value": "wrapped key", "target": "a.token"}
    ),
    "secret_backup": Act({**V, "name": "kept"}, {"raw": "on"}),
    "key_backup": Act({**V, "name": "signing"}, {"raw": "on"}),
    "certificate_backup": Act({**V, "name": "web"}, {"raw": "on"}),
    "deleted_purge": Act({**V, "kind": "secrets", "name": "gone"}, {"confirm_name": "gone"}),
    "member_invite": Act({}, {"email": "new@example.com", "role": "owner"}),
    "member_update": Act({"member_id": "rafi"}, {"role": "owner"}),
    "member_remove": Act({"member_id": "rafi"}),
    "connection_new": Act(
        {},
        {"name": "mine", "cloud": "local", "tenant_id": TENANT, "client_id": APPLICATION},
        {"client_secret": "s3cret-of-theirs"},
    ),
    "connection_edit": Act(
        {"connection_id": "connection"},
        {"name": "theirs", "cloud": "local", "tenant_id": TENANT, "client_id": APPLICATION, "revision": "1"},
        {"client_secret": "s3cret-of-theirs"},
    ),
    "connection_delete": Act({"connection_id": "empty"}),
    "vault_new": Act({}, {"connection": "connection", "name": "kv-shop-stage", "production": "on"}),
    "vault_connections": Act(V, {"connection": "empty"}),
    "vault_connection_remove": Act({**V, "connection_id": "second"}),
    "vault_remove": Act(V),
    "contacts_delete": Act(V),
    "issuer_delete": Act({**V, "name": "digi"}),
    "certificate_operation_cancel": Act({**V, "name": "slow"}, {"request_id": "request"}),
    "certificate_operation_delete": Act({**V, "name": "slow"}, {"request_id": "request"}),
    "certificate_operation_restart": Act({**V, "name": "slow"}, {"request_id": "request"}),
}
#: What takes a POST and needs no more than the session: nobody gets further by it, or it has a password of its own. What is
#: deleted can be recovered; where it can't, see below.
FREE = {
    "account_login", "account_logout", "account_reauthenticate", "account_change_password", "join",
    "vaults_scan", "vault_scan", "job_cancel", "job_retry", "vault_edit", "vault_connection_forward",
    "connection_test", "audit_verify",
    "invitation_withdraw",
    "secret_new", "secret_new_version", "secret_roll_back", "secret_edit", "secret_delete",
    "key_new", "key_new_version", "key_rotate", "key_rotation_edit", "key_edit", "key_delete",
    "key_encrypt", "key_verify", "key_wrap", "key_secure_wrap", "random_bytes",
    "certificate_new", "certificate_new_version", "certificate_edit", "certificate_policy_edit",
    "certificate_delete", "certificate_import", "key_import",
    "certificate_operation_merge", "secret_version_enable", "secret_version_disable", "key_version_enable", "key_version_disable",
    "certificate_version_enable", "certificate_version_disable",
    "deleted_recover", "restore", "team_choose", "issuer_new", "issuer_edit", "contacts_edit", "authority_update",
}  # fmt: skip


def routes() -> Iterator[tuple[str, list[str]]]:
    """Each address by its name, and what stands in it."""
    for pattern in get_resolver().url_patterns:
        for each in pattern.url_patterns if isinstance(pattern, URLResolver) else [pattern]:
            assert isinstance(each, URLPattern)
            yield str(each.name), list(each.pattern.converters)


@pytest.mark.django_db
def test_every_address_that_takes_a_post_says_whether_it_asks() -> None:
    nobody = User.objects.create_user("nobody@example.com", PASSWORD)  # in no team: a 403 comes after the method's 405
    anything = {
        "connection_id": uuid.uuid4(),
        "event_id": uuid.uuid4(),
        "member_id": 1,
        "invitation_id": uuid.uuid4(),
        "job_id": uuid.uuid4(),
        "kind": SECRET,
    }
    takes = {
        name
        for name, parts in routes()
        if signed_in(nobody).post(reverse(name, kwargs={part: anything.get(part, "x") for part in parts})).status_code
        != 405
    }
    say(f"addresses that take a POST: {len(takes)}, of which {len(ASKS)} ask who is there")
    assert takes == ASKS.keys() | FREE


@dataclass
class Scene:
    """The shop with something to lose, and a browser in which Olga's session goes on long after she signed in."""

    world: World
    azure: VaultClient
    emulator: Emulator
    places: dict[str, str]
    browser: Client

    def address(self, name: str) -> str:
        return reverse(name, kwargs={part: self.places.get(text, text) for part, text in ASKS[name].where.items()})

    def body(self, name: str) -> dict[str, str]:
        act = ASKS[name]
        return {part: self.places.get(text, text) for part, text in (act.typed | act.secret).items()}

    def send(self, name: str, client: Client | None = None, **more: Any) -> Any:
        return (client or self.browser).post(self.address(name), self.body(name), **more)

    def state(self) -> dict[str, Any]:
        """All that these acts change, in the portal and in the vault."""
        return {
            "invitations": Invitation.objects.count(),
            "members": list(Membership.objects.order_by("pk").values_list("user__email", "role")),
            "connections": list(Connection.objects.order_by("pk").values_list("name", "client_id", "revision")),
            "vaults": list(Vault.objects.order_by("pk").values_list("slug", "production")),
            "reached": list(VaultConnection.objects.values_list("vault__slug", "connection__name")),
            "deleted": [item.properties.name for item in self.azure.secrets.list_deleted()],
            "contacts": self.azure.contacts.get(),
            "issuers": list(self.azure.issuers.list()),
            "operation": self.operation(),
        }

    def operation(self) -> tuple[str, bool] | None:
        """Which operation "slow" has, and whether it is to be cancelled. None where there is none."""
        try:
            operation = self.azure.certificates.operation("slow")
            return operation.request_id, operation.cancellation_requested
        except NotFound:
            return None

    def trail(self) -> list[str]:
        """What was done, or tried; that somebody looked or typed a password is no part of it."""
        looks = (".list", ".read", ".check")
        acts = AuditEntry.objects.exclude(action__startswith="account.").values_list("action", flat=True)
        return [act for act in acts if not act.endswith(looks)]


@pytest.fixture
def scene(world: World, azure: VaultClient, emulator: Emulator) -> Scene:
    for user, password in ((world.olga, PASSWORD), (world.rafi, OTHERS)):
        user.set_password(password)
        user.save()
    azure.contacts.set([Contact("ada@example.com")])
    azure.issuers.create("digi", IssuerSettings("DigiCert"))
    for name in ("kept", "gone"):
        azure.secrets.set(name, "the-hidden-value")
    azure.secrets.delete("gone")
    azure.certificates.create("web", replace(POLICY, issuer_name="Self"))
    azure.keys.create("rsa", kty="RSA")
    newest_client(world).keys.create("exportable", kty="RSA", exportable=True, release_policy=RELEASE_POLICY)
    azure.keys.create("signing", kty="EC")
    emulator.clock.advance(60)
    first, second_version = azure.secrets.get("kept"), azure.secrets.set("kept", "the-hidden-value")
    emulator.clock.advance(60)
    azure.certificates.get("web")  # which is issued when it is looked at
    slow = azure.certificates.create("slow", POLICY)
    empty = Connection(team=world.team, name="empty", cloud="local", tenant_id=TENANT, client_id=APPLICATION)
    empty.set_client_secret("x")
    empty.save()
    second = Connection.objects.create(
        team=world.team, name="second", cloud="local", tenant_id=TENANT, client_id=APPLICATION
    )
    world.vault.reached_through.create(connection=second, position=1)
    places = {
        "rafi": str(Membership.objects.get(user=world.rafi).pk),
        "connection": str(world.connection.pk),
        "empty": str(empty.pk),
        "second": str(second.pk),
        "first version": first.properties.version,
        "second version": second_version.version,
        "request": slow.request_id,
        "ciphertext": encrypted(azure, b"the-hidden-value").hex(),
        "wrapped key": base64.b64encode(azure.cryptography.secure_wrap("rsa", "", "RSA-OAEP-256").value).decode(),
    }
    return Scene(world, azure, emulator, places, signed_in(world.olga))


def encrypted(azure: VaultClient, value: bytes) -> bytes:
    return azure.cryptography.transform(KeyOperation.ENCRYPT, "rsa", "", "RSA-OAEP", value).value


def confirm(client: Client, password: str = PASSWORD) -> None:
    assert client.post("/account/reauthenticate/", {"password": password}).status_code == 302


def asked_in(page: Any) -> Form:
    """The one form of a page that asks for the password."""
    [form] = [form for form in forms_of(page) if FIELD in form.fields]
    return form


def assert_asked(scene: Scene, name: str, answer: Any, before: dict[str, Any], trail: list[str]) -> Form:
    """Nothing was done; the form is there again with all that was typed but secrets, and asks for the password."""
    assert answer.status_code == 422, name
    assert b"the-hidden-value" not in answer.content
    assert scene.state() == before
    assert scene.trail() == trail
    form = asked_in(answer)
    assert form.action in ("", scene.address(name))
    assert form.fields[FIELD] == [""]
    kept = {part: form.fields.get(part) for part in ASKS[name].typed if part != "version"}
    assert kept == {part: [text] for part, text in scene.body(name).items() if part in kept}
    for text in ASKS[name].secret.values():
        assert text not in answer.content.decode()
    return form


def assert_done(scene: Scene, name: str, answer: Any, before: dict[str, Any]) -> None:
    if name == "secret_reveal":
        assert b"the-hidden-value" in answer.content
        return
    if name == "secret_compare":
        assert answer.status_code == 200
        assert "The values are equal" in text_of(answer)
        return
    if name.endswith("_backup"):
        assert answer["Content-Disposition"].endswith('.kvbackup"')
        return
    if name.startswith("key_"):
        assert answer.status_code == 200
        assert "Shown this once and kept nowhere" in text_of(answer)
        return
    if name == "certificate_export":
        assert answer["Content-Disposition"] == 'attachment; filename="web.pfx"'
        return
    assert answer.status_code in ((200, 201) if name == "member_invite" else (302,)), text_of(answer)
    assert scene.state() != before


@pytest.mark.parametrize("name", ASKS)
def test_an_old_session_is_asked_in_place_and_then_it_happens(name: str, scene: Scene) -> None:
    before, trail = scene.state(), scene.trail()
    form = assert_asked(scene, name, scene.send(name), before, trail)
    sent: dict[str, Any] = {**form.fields, **ASKS[name].secret}
    wrong = scene.browser.post(form.action or scene.address(name), sent | {FIELD: "a wrong guess"})
    assert "This is not your password" in text_of(wrong)
    assert_asked(scene, name, wrong, before, trail)
    anothers = scene.browser.post(form.action or scene.address(name), sent | {FIELD: OTHERS})
    assert_asked(scene, name, anothers, before, trail)
    done = scene.browser.post(form.action or scene.address(name), sent | {FIELD: PASSWORD})
    assert_done(scene, name, done, before)


@pytest.mark.parametrize("name", ASKS)
def test_a_confirmation_lasts_five_minutes(name: str, scene: Scene) -> None:
    before = scene.state()
    with time_machine.travel(datetime.now(UTC), tick=False) as clock:
        confirm(scene.browser)
        clock.shift(timedelta(minutes=5, seconds=1))
        assert_asked(scene, name, scene.send(name), before, scene.trail())
        confirm(scene.browser)
        clock.shift(timedelta(minutes=4, seconds=59))
        assert_done(scene, name, scene.send(name), before)


@pytest.mark.parametrize("name", ASKS)
def test_a_clock_that_was_set_back_prolongs_nothing(name: str, scene: Scene) -> None:
    with time_machine.travel(datetime.now(UTC), tick=False) as clock:
        confirm(scene.browser)
        clock.shift(timedelta(minutes=-20))
        assert_asked(scene, name, scene.send(name), scene.state(), scene.trail())


@pytest.mark.parametrize("name", ASKS)
def test_a_changed_password_ends_what_the_old_one_confirmed(name: str, scene: Scene) -> None:
    before = scene.state()
    elsewhere = signed_in(scene.world.olga)
    confirm(scene.browser)
    new = "quite another sentence"
    form = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert elsewhere.post("/account/password/change/", form).status_code == 302
    assert scene.send(name)["Location"].startswith("/account/login/")
    assert scene.state() == before
    sent = scene.body(name)
    old = elsewhere.post(scene.address(name), sent | {FIELD: PASSWORD})
    assert_asked(scene, name, old, before, scene.trail())
    assert_done(scene, name, elsewhere.post(scene.address(name), sent | {FIELD: new}), before)


@pytest.mark.parametrize("name", ASKS)
def test_who_lacks_the_right_is_told_so_and_not_asked(name: str, scene: Scene) -> None:
    client = signed_in(scene.world.members[Role.VIEWER])
    before = scene.state()
    answer = client.post(scene.address(name), scene.body(name) | {FIELD: "a long password"})
    assert answer.status_code == 403
    assert scene.state() == before
    assert "account_authentication_methods" not in client.session


@pytest.mark.parametrize("name", ASKS)
def test_a_form_that_was_asked_for_the_password_keeps_its_key(name: str, scene: Scene) -> None:
    sent = scene.body(name) | {"form_key": str(uuid.uuid4())}
    address = scene.address(name)
    before = scene.state()
    assert scene.browser.post(address, sent).status_code == 422
    assert scene.browser.post(address, sent | {FIELD: "wrong"}).status_code == 422
    assert_done(scene, name, scene.browser.post(address, sent | {FIELD: PASSWORD}), before)
    if Submission.objects.exists():  # not of Reveal and Export, which may be done again
        after = scene.state()
        again = [scene.browser.post(address, sent | more).status_code for more in ({}, {FIELD: PASSWORD}, {FIELD: "x"})]
        assert set(again) <= {302, 404}  # 404: the item is gone
        assert scene.state() == after


@pytest.mark.parametrize("name", ASKS)
def test_a_password_is_kept_nowhere(name: str, scene: Scene, log: io.StringIO) -> None:
    sent = scene.body(name) | {"form_key": str(uuid.uuid4())}
    pages = [
        scene.browser.post(scene.address(name), sent | {FIELD: guess}).content.decode(
            errors="replace"
        )  # of Export: a PFX
        for guess in ("my-password-of-elsewhere", PASSWORD)
    ]
    sessions = session_contents()
    assert sessions
    kept = [*pages, log.getvalue(), json.dumps(sessions), str(list(AuditEntry.objects.values())),
            str(list(Submission.objects.values()))]  # fmt: skip
    for password in ("my-password-of-elsewhere", PASSWORD, PASSWORD.replace("'", "&#x27;")):
        assert not [place for place, text in enumerate(kept) if password in text]


def test_guesses_at_the_password_are_counted(scene: Scene) -> None:
    before = scene.state()
    names = [*ASKS, *ASKS]  # one count for all addresses
    for name in names:
        scene.browser.post(scene.address(name), scene.body(name) | {FIELD: "a wrong guess"})
    answer = scene.browser.post(scene.address("vault_remove"), {FIELD: PASSWORD})
    assert_asked(scene, "vault_remove", answer, before, [])
    assert "Too many" in text_of(answer)


@pytest.mark.parametrize("name", sorted(ASKS.keys() - {"secret_reveal", "member_update", "member_remove"}))
def test_a_form_that_is_opened_late_asks_at_once(name: str, scene: Scene) -> None:
    page = "team" if name == "member_invite" else name
    where = {part: scene.places.get(text, text) for part, text in ASKS[name].where.items()}
    address = reverse(page, kwargs=where)
    assert asked_in(scene.browser.get(address)).fields[FIELD] == [""]
    confirm(scene.browser)
    assert not [form for form in forms_of(scene.browser.get(address)) if FIELD in form.fields]


def test_what_a_browser_cannot_keep_is_named(scene: Scene) -> None:
    with_secret, without = scene.send("connection_new"), scene.send("vault_new")
    assert "can't keep what was in Client secret" in text_of(with_secret)
    assert "can't keep" not in text_of(without)


def test_what_a_browser_cannot_keep_is_said_at_its_own_field(scene: Scene) -> None:
    asked = scene.send("connection_new")
    wrong = scene.browser.post("/new/connection/", scene.body("connection_new") | {FIELD: "a wrong guess"})
    for page, title in ((asked, "One thing needs a change"), (wrong, "2 things need a change")):
        assert title in text_of(page)
        assert page.content.decode().count("give it again.") == 2  # in the summary and at the field
        assert '<a href="#id_client_secret">Client secret</a>: A browser' in page.content.decode()
        assert "give it again" not in str(page.context["form"][FIELD].errors)
    assert '<a href="#id_confirm_password">Your password</a>: This is not your password' in wrong.content.decode()


@pytest.mark.parametrize("name", [name for name, act in ASKS.items() if not act.secret])
def test_asking_is_no_reproach(name: str, scene: Scene) -> None:
    body = scene.body(name)
    asked = scene.browser.post(scene.address(name), body)
    page = asked.content.decode()
    assert "Type your password to confirm that it is you" in text_of(asked)
    for reproach in ("errorlist", "aria-invalid", 'class="problem summary"', "needs a change"):
        assert reproach not in page, reproach
    wrong = scene.browser.post(scene.address(name), body | {FIELD: "a wrong guess"})
    assert 'class="errorlist"' in wrong.content.decode()
    assert 'aria-invalid="true"' in wrong.content.decode()


def test_a_reveal_is_asked_for_in_its_box_and_keeps_the_version(scene: Scene) -> None:
    first = scene.azure.secrets.get("kept").properties.version
    scene.azure.secrets.set("kept", "a-newer-value")
    swap = {"HX-Request": "true", "HX-Target": "value"}
    address = scene.address("secret_reveal")
    asked = scene.browser.post(address, {"version": first}, headers=swap)
    assert asked.status_code == 422
    assert "HX-Redirect" not in asked
    assert b"<html" not in asked.content
    form = asked_in(asked)
    assert form.fields["version"] == [first]
    shown = scene.browser.post(address, {**form.fields, FIELD: PASSWORD}, headers=swap)
    assert b"the-hidden-value" in shown.content
    whole = signed_in(scene.world.olga).post(address, {"version": first})
    assert asked_in(whole).fields["version"] == [first]


# Items of a vault without soft delete

DELETES = {"secret": "kept", "key": "signing", "certificate": "tls"}


@pytest.fixture
def without_soft_delete(scene: Scene) -> Scene:
    scene.azure.certificates.create("tls", replace(POLICY, issuer_name="Self"))
    scene.emulator.clock.advance(60)
    scene.azure.certificates.get("tls")  # which is issued when it is looked at
    for kind, name in zip((SECRET, KEY, CERTIFICATE), DELETES.values(), strict=True):
        scene.emulator.hold("kv-shop-prod", kind, name, "attributes.recoveryLevel", "Purgeable")
    return scene


@pytest.mark.parametrize("kind", DELETES)
def test_what_nobody_can_bring_back_is_asked_for(kind: str, without_soft_delete: Scene) -> None:
    scene = without_soft_delete
    address = reverse(f"{kind}_delete", kwargs={**V, "name": DELETES[kind]})
    opened = scene.browser.get(address)
    assert asked_in(opened).fields[FIELD] == [""]
    assert "no soft delete: nobody can bring it back" in text_of(opened)
    assert "under Deleted" not in text_of(opened)
    trail = scene.trail()
    for typed in ({}, {FIELD: ""}, {FIELD: "a wrong guess"}, {FIELD: OTHERS}):
        asked = scene.browser.post(address, typed)
        assert asked.status_code == 422
        assert asked_in(asked).fields[FIELD] == [""]
        assert "no soft delete" in text_of(asked)
    assert scene.trail() == trail
    done = scene.browser.post(address, {FIELD: PASSWORD}, follow=True)
    assert f"{kind.title()} {DELETES[kind]} was deleted for good." in text_of(done)
    assert not InventoryItem.objects.existing().filter(kind=kind, name=DELETES[kind]).exists()


@pytest.mark.parametrize("kind", DELETES)
def test_where_it_is_not_known_whether_it_can_be_brought_back_it_is_asked_for(
    kind: str, without_soft_delete: Scene
) -> None:
    scene = without_soft_delete
    address = reverse(f"{kind}_delete", kwargs={**V, "name": DELETES[kind]})
    scene.emulator.deny(f"{kind}s/get", f"{kind}s/list")
    assert scene.browser.post(address).status_code == 422
    assert scene.browser.post(address, {FIELD: PASSWORD}).status_code == 302


@pytest.mark.parametrize("kind", DELETES)
def test_what_can_be_recovered_is_not_asked_for(kind: str, scene: Scene) -> None:
    scene.azure.certificates.create("tls", replace(POLICY, issuer_name="Self"))
    scene.emulator.clock.advance(60)
    address = reverse(f"{kind}_delete", kwargs={**V, "name": DELETES[kind]})
    assert not [form for form in forms_of(scene.browser.get(address)) if FIELD in form.fields]
    assert scene.browser.post(address).status_code == 302
