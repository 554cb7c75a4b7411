"""The page on which a key is imported: shown first, sent once, kept nowhere."""

import base64
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.browsing import filled, main_form, text_of, timeline
from tests.conftest import World, last_detail, last_entry, session_contents, signed_in
from tests.views.key_files import EC_KEYS, OTHER_RSA, P256, PASSWORD, RSA_KEY, blob, jwk_of, written
from tests.views.policies import newest as newest
from vaults.emulator import Emulator
from vaults.emulator.state import keymaterial
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import ReleasePolicy
from vaults.keyvault.x509 import jwk_thumbprint
from vaults.models import AuditEntry, Submission
from vaults.permissions import Action, Role

pytestmark = pytest.mark.slow

V = "/vaults/kv-shop-prod"
PAGE = f"{V}/import/key/"
HTMX = {"HX-Request": "true"}
RULES = '{"version": "1.0.0", "anyOf": [{"authority": "https://attest.example/", "allOf": [{"claim": "c", "equals": "v"}]}]}'


def upload(key: Any = P256) -> SimpleUploadedFile:
    return SimpleUploadedFile("key.pem", written(key))


def look(client: Client, key: Any = P256, address: str = PAGE, **typed: Any) -> Any:
    typed = {"name": "signing", **typed} if address == PAGE else typed
    return client.post(PAGE, filled(client.get(address), **{"upload": upload(key), "step": "look", **typed}))


def send(client: Client, shown: Any, key: Any = P256, **typed: Any) -> Any:
    return client.post(PAGE, filled(shown, **{"upload": upload(key), "step": "import", **typed}))


def sent(emulator: Emulator) -> list[Any]:
    return [each.body for each in emulator.requests if each.method == "PUT" and each.path.startswith("/keys/")]


def thumbprint(key: Any) -> str:
    public = keymaterial.public_jwk(key)
    return jwk_thumbprint({"kty": "EC" if "crv" in public else "RSA", **public})


# What is sent


def test_it_is_sent_as_it_was_shown_and_recorded_by_its_thumbprint(
    olga: Client, world: World, azure: VaultClient, emulator: Emulator
) -> None:
    typed: dict[str, Any] = {
        "tags": "team=shop",
        "protection": "hsm",
        "key_ops": ["sign"],
        "not_before": "2026-01-01T00:00",
        "expires_on": "2036-01-01T00:00",
        "enabled": ["false"],
    }
    shown = look(olga, RSA_KEY, **typed)
    words = text_of(shown)
    assert "Protected by an HSM" in words
    assert not sent(emulator)
    assert send(olga, shown, RSA_KEY)["Location"] == f"{V}/keys/signing/"
    [body] = sent(emulator)
    attributes = body.pop("attributes")
    assert body == {"key": {**jwk_of(RSA_KEY), "key_ops": ["sign"]}, "Hsm": True, "tags": {"team": "shop"}}
    assert (attributes["enabled"], attributes["exp"] - attributes["nbf"]) == (False, 3652 * 86400)
    now = azure.keys.get("signing")
    assert (now.key_type, now.key_ops) == ("RSA-HSM", ("sign",))
    entry = last_entry(Action.KEY_IMPORT)
    assert (entry.state, entry.version) == ("succeeded", now.properties.version)
    assert last_detail(Action.KEY_IMPORT)["key_thumbprint"] == thumbprint(RSA_KEY)
    assert thumbprint(RSA_KEY) in text_of(olga.get(f"/audit/{entry.event}/"))
    assert f"{world.olga.email} owner · Import a key" in timeline(olga.get(f"{V}/keys/signing/"))[0]


def test_an_exportable_key_takes_its_release_policy_along(
    olga: Client, world: World, newest: VaultClient, emulator: Emulator
) -> None:
    typed = {"exportable": "on", "release_policy": RULES, "immutable": "on", "protection": "hsm"}
    assert send(olga, look(olga, **typed)).status_code == 302
    [body] = sent(emulator)
    assert body["attributes"] == {"exportable": True}
    assert body["release_policy"]["immutable"] is True
    stored = newest.keys.get("signing")
    assert stored.properties.exportable
    assert stored.release_policy is not None
    assert json.loads(stored.release_policy.text) == json.loads(RULES)


def test_the_thumbprint_is_that_of_the_standard() -> None:
    """RFC 7638, section 3.1."""
    modulus = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknj"
        "hMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQ"
        "vRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzK"
        "nqDKgw"
    )
    assert jwk_thumbprint({"kty": "RSA", "n": modulus, "e": "AQAB"}) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


# Key transfer blobs


@pytest.fixture
def exchange_key(azure: VaultClient) -> Any:
    return azure.keys.create("kek", kty="RSA-HSM", key_size=2048, key_ops=["import"])


def blob_of(exchange_key: Any, key: Any) -> bytes:
    jwk = exchange_key.jwk
    numbers = {name: int.from_bytes(base64.urlsafe_b64decode(jwk[name] + "=="), "big") for name in ("n", "e")}
    public = rsa.RSAPublicNumbers(numbers["e"], numbers["n"]).public_key()
    return blob(exchange_key.properties.id, public, key)


@pytest.mark.parametrize("form", ["file", "base64", "JWK"])
@pytest.mark.parametrize(("transferred", "key"), [("RSA-HSM", RSA_KEY), ("EC-HSM P-384", EC_KEYS["P-384"])])
def test_a_key_transfer_blob_goes_into_the_hsm(
    form: str,
    transferred: str,
    key: Any,
    olga: Client,
    world: World,
    azure: VaultClient,
    emulator: Emulator,
    exchange_key: Any,
) -> None:
    content = blob_of(exchange_key, key)
    encoded = base64.urlsafe_b64encode(content).decode()
    kty, _, curve = transferred.partition(" ")
    typed: dict[str, Any] = {"name": "moved", "step": "look", "transferred": transferred}
    if form == "file":
        again: dict[str, Any] = {"upload": SimpleUploadedFile("key.byok", content)}
    elif form == "base64":
        again = {"pasted": encoded}
    else:
        again = {"pasted": json.dumps({"kty": kty, "crv": curve, "key_hsm": encoded})}
        typed["transferred"] = ""
    shown = olga.post(PAGE, filled(olga.get(PAGE), **typed, **again))
    words = text_of(shown)
    assert exchange_key.properties.id in words
    assert "Only the vault that has it" not in words
    if form == "file":
        again = {"upload": SimpleUploadedFile("key.byok", content)}
    assert olga.post(PAGE, filled(shown, step="import", **again)).status_code == 302
    [body] = sent(emulator)
    assert body["Hsm"] is True
    assert base64.urlsafe_b64decode(body["key"]["key_hsm"] + "==") == content
    assert azure.keys.get("moved").jwk == {"kty": kty, **keymaterial.public_jwk(key)}
    assert encoded.rstrip("=")[:40] not in shown.content.decode()


def test_a_blob_for_another_vault_is_pointed_out(olga: Client, world: World, exchange_key: Any) -> None:
    content = blob_of(exchange_key, P256).decode().replace("kv-shop-prod", "kv-elsewhere")
    shown = olga.post(PAGE, filled(olga.get(PAGE), pasted=content, transferred="EC-HSM P-256", step="look"))
    assert "This key exchange key is not in kv-shop-prod." in text_of(shown)


def test_a_blob_that_the_vault_cannot_open_is_its_refusal(
    olga: Client, world: World, exchange_key: Any, emulator: Emulator
) -> None:
    typed = {"name": "moved", "pasted": blob_of(exchange_key, P256).decode(), "transferred": "RSA-HSM"}
    shown = olga.post(PAGE, filled(olga.get(PAGE), step="look", **typed))
    refused = olga.post(PAGE, filled(shown, step="import", **typed))
    assert refused.status_code == 400
    assert "must be a valid JsonWebKey object" in text_of(refused)


def test_the_type_of_a_key_in_the_clear_is_not_asked_for(olga: Client, world: World) -> None:
    refused = look(olga, transferred="RSA-HSM")
    assert refused.context["form"].errors == {
        "transferred": ["This is not a key transfer blob, so its type is known: leave this empty."]
    }


# What is shown


def test_for_htmx_only_the_part_is_answered(olga: Client, world: World) -> None:
    page = olga.get(PAGE)
    part = olga.post(PAGE, filled(page, upload=upload(), step="look", name="signing"), headers=HTMX)
    assert part.status_code == 200
    assert b"<html" not in part.content
    assert "Import this key" in text_of(part)
    refused = olga.post(PAGE, filled(page, upload=upload(), step="look", name="no name"), headers=HTMX)
    assert refused.status_code == 422
    assert b"<html" not in refused.content


def test_one_may_look_before_there_is_a_name(olga: Client, world: World, emulator: Emulator) -> None:
    shown = look(olga, name="")
    assert thumbprint(P256) in text_of(shown)
    refused = send(olga, shown)
    assert refused.status_code == 422
    assert "This field is required." in text_of(refused)
    assert not sent(emulator)


@pytest.mark.parametrize("shown", ["other key", "other protection", "other operations", "nothing", "nonsense"])
def test_what_was_not_shown_is_shown_and_not_sent(shown: str, olga: Client, world: World, emulator: Emulator) -> None:
    page = look(olga, RSA_KEY)
    form = filled(page, upload=upload(RSA_KEY), step="import")
    match shown:
        case "other key":
            form["upload"] = upload(OTHER_RSA)
        case "other protection":
            form["protection"] = "hsm"
        case "other operations":
            form["key_ops"] = ["sign"]
        case "nothing":
            del form["shown"]
        case "nonsense":
            form["shown"] = "é" * 64
    answer = olga.post(PAGE, form)
    assert answer.status_code == 200
    assert "Nothing was imported yet" in text_of(answer)
    assert not sent(emulator)
    again = OTHER_RSA if shown == "other key" else RSA_KEY
    assert send(olga, answer, again).status_code == 302


def test_the_operations_fit_the_type(olga: Client, world: World, emulator: Emulator) -> None:
    refused = look(olga, key_ops=["encrypt"])
    assert refused.context["form"].errors == {"key_ops": ["An EC key can only sign and verify: tick one of these."]}
    assert send(olga, look(olga)).status_code == 302
    assert sent(emulator)[0]["key"]["key_ops"] == ["sign", "verify"]


# Names and versions


@pytest.fixture
def present(azure: VaultClient, emulator: Emulator) -> str:
    made = azure.keys.create("signing", kty="EC-HSM", crv="P-256", key_ops=["sign"], tags={"team": "shop"})
    emulator.clock.advance(3)
    return made.properties.version


def test_a_name_that_is_in_use_is_refused_before_and_when_it_is_sent(
    olga: Client, world: World, azure: VaultClient, emulator: Emulator
) -> None:
    shown = look(olga)
    azure.keys.create("signing", kty="EC", crv="P-256")
    refused = send(olga, shown)
    assert refused.status_code == 422
    assert "This name is in use" in text_of(refused)
    assert "This name is in use" in text_of(look(olga))
    assert not sent(emulator)
    assert last_entry(Action.KEY_IMPORT).state == "failed"


def test_a_version_is_added_from_the_page_of_the_key(
    olga: Client, world: World, azure: VaultClient, present: str
) -> None:
    address = f"{PAGE}?name=signing"
    assert address in olga.get(f"{V}/keys/signing/").content.decode()
    page = olga.get(address)
    fields = main_form(page).fields
    assert [fields[name] for name in ("name", "as_version", "tags", "protection", "key_ops")] == [
        ["signing"], ["on"], ["team=shop"], ["hsm"], ["sign"],
    ]  # fmt: skip
    shown = look(olga, address=address)
    words = text_of(shown)
    assert "It becomes the current version of signing" in words
    assert "a single version can't be deleted, only disabled" in words
    assert send(olga, shown).status_code == 302
    assert len(azure.keys.versions("signing")) == 2
    now = azure.keys.get("signing")
    assert (now.key_type, now.key_ops, dict(now.properties.tags)) == ("EC-HSM", ("sign",), {"team": "shop"})


def test_operations_and_release_policy_of_the_predecessor_stay(
    olga: Client, world: World, newest: VaultClient, emulator: Emulator
) -> None:
    encoded = base64.urlsafe_b64encode(RULES.encode()).decode().rstrip("=")
    policy = ReleasePolicy("application/json; charset=utf-8", encoded)
    newest.keys.create("signing", kty="RSA-HSM", key_ops=["sign", "export"], exportable=True, release_policy=policy)
    emulator.clock.advance(3)
    shown = look(olga, RSA_KEY, address=f"{PAGE}?name=signing")
    assert send(olga, shown, RSA_KEY).status_code == 302
    now = newest.keys.get("signing")
    assert set(now.key_ops) == {"sign", "export"}
    assert now.properties.exportable
    assert now.release_policy is not None
    assert json.loads(now.release_policy.text) == json.loads(RULES)


def test_a_version_of_what_is_not_there_is_refused(olga: Client, world: World, emulator: Emulator) -> None:
    refused = send(olga, look(olga, as_version="on"))
    assert refused.status_code == 422
    assert "There is no key of this name to add a version to." in text_of(refused)
    assert not sent(emulator)


def test_a_deleted_key_can_be_recovered_instead(
    olga: Client, world: World, azure: VaultClient, present: str, emulator: Emulator
) -> None:
    azure.keys.delete("signing")
    emulator.clock.advance(60)
    refused = send(olga, look(olga))
    assert refused.status_code == 409
    assert f"{V}/deleted/keys/signing/" in refused.content.decode()


@pytest.mark.parametrize("name", ["", "%F0%9F%98%80", "a/b", "x" * 300, "missing"])
def test_any_name_may_stand_in_the_address(name: str, olga: Client, world: World) -> None:
    assert olga.get(f"{PAGE}?name={name}").status_code == 200


# What goes wrong


@pytest.mark.parametrize("ours", [True, False])
def test_a_lost_answer_is_looked_up_by_the_public_part(
    ours: bool, olga: Client, world: World, azure: VaultClient, emulator: Emulator, present: str
) -> None:
    shown = look(olga, address=f"{PAGE}?name=signing")
    if ours:
        emulator.lose_answer(method="PUT")
    else:
        emulator.lose_request(method="PUT")
    answer = send(olga, shown)
    assert (answer.status_code == 302) is ours
    entry = last_entry(Action.KEY_IMPORT)
    assert entry.state == ("succeeded" if ours else "unknown")
    assert len(sent(emulator)) == 1
    assert len(azure.keys.versions("signing")) == (2 if ours else 1)
    if ours:
        assert last_detail(Action.KEY_IMPORT)["unconfirmed"] is True


def test_a_form_that_is_sent_twice_imports_once(olga: Client, world: World, azure: VaultClient) -> None:
    shown = look(olga)
    assert [send(olga, shown).status_code for _ in range(2)] == [302, 302]
    assert len(azure.keys.versions("signing")) == 1


def test_a_missing_permission_is_explained(olga: Client, world: World, emulator: Emulator) -> None:
    shown = look(olga)
    emulator.deny("keys/import")
    answer = send(olga, shown)
    assert answer.status_code == 403
    assert "keys/import" in text_of(answer)
    assert "Choose or paste it again" in text_of(answer)


def test_a_reader_may_not(world: World, emulator: Emulator) -> None:
    reader = signed_in(world.members[Role.READER])
    assert reader.get(PAGE).status_code == 403
    assert reader.post(PAGE, {"name": "signing", "upload": upload(), "step": "look"}).status_code == 403
    assert PAGE not in reader.get(f"{V}/keys/").content.decode()
    assert PAGE in signed_in(world.olga).get(f"{V}/keys/").content.decode()


# What is kept


@pytest.fixture
def places(log: io.StringIO) -> Callable[[], str]:
    def kept() -> str:
        rows = [str(list(model.objects.values())) for model in (AuditEntry, Submission)]
        return " ".join([log.getvalue(), json.dumps(session_contents()), *rows])

    return kept


@pytest.mark.parametrize("form", ["PEM", "JWK"])
@pytest.mark.parametrize("trouble", ["", "refused", "denied", "lost", "broken"])
def test_key_and_password_are_kept_nowhere(
    trouble: str, form: str, olga: Client, world: World, emulator: Emulator, places: Any
) -> None:
    jwk = jwk_of(RSA_KEY)
    private = [jwk[name] for name in ("d", "p", "q", "dp", "dq", "qi")]
    encrypted = written(RSA_KEY, password=PASSWORD).decode()
    pasted = encrypted if form == "PEM" else json.dumps(jwk | ({"qi": private[0]} if trouble == "refused" else {}))
    password = "wrong one" if trouble == "refused" else PASSWORD
    typed = {"name": "signing", "pasted": pasted, "password": password}
    shown = olga.post(PAGE, filled(olga.get(PAGE), step="look", **typed))
    pages = [shown]
    if trouble != "refused":
        if trouble == "denied":
            emulator.deny("keys/import")
        elif trouble == "lost":
            emulator.lose_request(method="PUT")
        elif trouble == "broken":
            message = f"{jwk['d']} and {jwk['q']} are not valid"
            echoed = json.dumps({"error": {"code": "BadParameter", "message": message}}).encode()
            emulator.answer_next(400, echoed, method="PUT")
        pages.append(olga.post(PAGE, filled(shown, step="import", **typed)))
    for page in pages:
        assert page["Cache-Control"] == "no-store"
    secrets = [*private, *encrypted.splitlines()[1:4], password]
    for text in [*(page.content.decode() for page in pages), places()]:
        assert [secret for secret in secrets if secret in text] == []
