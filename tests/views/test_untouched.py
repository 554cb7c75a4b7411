"""What a form shows and nobody touches stays as it is, whatever limits of ours it breaks."""

import base64
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from tests.browsing import fill_in, filled, main_form, text_of
from tests.conftest import vault_calls
from tests.views.policies import POLICY, newest, set_rotation_policy
from vaults.actions.keys import Predecessor
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.keyvault.parts import Part
from vaults.keyvault.types import CertificatePolicy, Key, KeyProperties
from vaults.views.keys import _version_form_of
from vaults.web.key_parts import not_carried, parts_of_version

__all__ = ["newest"]

pytestmark = pytest.mark.sweep

LONG = "x" * 400


def sent(emulator: Emulator, method: str) -> Any:
    return [request.body for request in emulator.requests if request.method == method and ".vault." in request.host][-1]


def test_a_long_tag_set_elsewhere_does_not_block_an_edit(olga: Client, azure: VaultClient, emulator: Emulator) -> None:
    azure.secrets.set("fresh", "v", tags={"note": LONG})
    assert fill_in(olga, "/vaults/kv-shop-prod/secrets/fresh/edit/", content_type="text/plain").status_code == 302
    assert sent(emulator, "PATCH") == {"contentType": "text/plain"}


def test_a_tag_is_added_beside_a_long_one(olga: Client, azure: VaultClient, emulator: Emulator) -> None:
    azure.secrets.set("fresh", "v", tags={"note": "x" * 512})
    address = "/vaults/kv-shop-prod/secrets/fresh/edit/"
    assert fill_in(olga, address, tags=f"note={'x' * 512}\nteam=shop").status_code == 302
    assert sent(emulator, "PATCH") == {"tags": {"note": "x" * 512, "team": "shop"}}


def test_what_is_typed_is_held_to_the_limits(olga: Client, azure: VaultClient, emulator: Emulator) -> None:
    azure.secrets.set("fresh", "v", tags={"note": LONG})
    azure.keys.create("signing", kty="EC", tags={"note": "x"})
    vault_calls(emulator)
    assert "512 characters at most" in text_of(
        fill_in(olga, "/vaults/kv-shop-prod/secrets/fresh/edit/", tags=f"note={'y' * 513}")
    )
    assert "256 characters at most" in text_of(
        fill_in(olga, "/vaults/kv-shop-prod/keys/signing/edit/", tags=f"note={'y' * 257}")
    )
    assert "PATCH" not in {method for method, _ in vault_calls(emulator)}


def test_a_new_version_carries_long_tags_over(olga: Client, azure: VaultClient, emulator: Emulator) -> None:
    azure.secrets.set("fresh", "v", tags={"note": LONG})
    assert fill_in(olga, "/vaults/kv-shop-prod/secrets/fresh/new-version/", value="w").status_code == 302
    assert sent(emulator, "PUT") == {"value": "w", "tags": {"note": LONG}}


def test_the_value_never_stands_in_a_hidden_field(olga: Client, azure: VaultClient) -> None:
    azure.secrets.set("fresh", "v")
    page = fill_in(olga, "/vaults/kv-shop-prod/secrets/fresh/new-version/", value="typed-value", tags="no equals sign")
    assert page.status_code == 422
    assert page.content.count(b"typed-value") == 1
    assert b"initial-value" not in page.content


def test_dates_in_an_odd_order_set_elsewhere_do_not_block_an_edit(
    olga: Client, azure: VaultClient, emulator: Emulator
) -> None:
    azure.secrets.set("fresh", "v")
    address = "/vaults/kv-shop-prod/secrets/fresh/edit/"
    dates = {"not_before": "2031-01-01T00:00:00", "expires_on": "2030-01-01T00:00:00"}
    fields = filled(olga.get(address)) | dates
    assert "expire before it activates" in text_of(olga.post(address, fields))
    fields |= {f"initial-{name}": date for name, date in dates.items()}
    assert olga.post(address, fields | {"tags": "a=b"}).status_code == 302
    assert sent(emulator, "PATCH") == {"tags": {"a": "b"}}


def test_an_edit_keeps_operations_it_does_not_know(olga: Client, azure: VaultClient, emulator: Emulator) -> None:
    azure.keys.create("wrapping", kty="RSA", key_ops=["wrapKey", "import"])
    assert fill_in(olga, "/vaults/kv-shop-prod/keys/wrapping/edit/", tags="a=b").status_code == 302
    assert sent(emulator, "PATCH") == {"tags": {"a": "b"}}
    ticked = ["wrapKey", "unwrapKey", "import"]
    assert fill_in(olga, "/vaults/kv-shop-prod/keys/wrapping/edit/", key_ops=ticked).status_code == 302
    assert sorted(azure.keys.get("wrapping").key_ops) == sorted(ticked)


def test_a_certificates_long_tag_does_not_block_its_edit(olga: Client, azure: VaultClient, emulator: Emulator) -> None:
    azure.certificates.create("shop-tls", CertificatePolicy(issuer_name="Self", subject="CN=shop"), tags={"a": "b"})
    emulator.clock.advance(60)
    azure.certificates.get("shop-tls")
    page = olga.get("/vaults/kv-shop-prod/certificates/shop-tls/edit/")
    fields = filled(page, enabled=["false"]) | {"tags": f"a={LONG}", "initial-tags": f"a={LONG}"}
    assert olga.post("/vaults/kv-shop-prod/certificates/shop-tls/edit/", fields).status_code == 302
    assert sent(emulator, "PATCH") == {"attributes": {"enabled": False}}


KEYS: dict[str, dict[str, Any]] = {
    "4096 bits": {"kty": "RSA", "key_size": 4096, "key_ops": ["sign", "verify"]},
    "hardware": {"kty": "RSA-HSM", "key_size": 3072, "key_ops": ["wrapKey", "unwrapKey"]},
    "P-521": {"kty": "EC", "crv": "P-521", "key_ops": ["sign"]},
    "P-256K in hardware": {"kty": "EC-HSM", "crv": "P-256K", "key_ops": ["verify", "sign"]},
    "only imports": {"kty": "RSA-HSM", "key_size": 2048, "key_ops": ["import"]},
    "no operations": {"kty": "RSA", "key_size": 2048, "key_ops": []},
    "tags": {"kty": "EC", "crv": "P-384", "key_ops": ["sign"], "tags": {"owner": "shop"}},
    "exportable": {
        "kty": "RSA-HSM",
        "key_size": 2048,
        "key_ops": ["decrypt"],
        "exportable": True,
        "release_policy": POLICY,
    },
}


@pytest.mark.parametrize("content", KEYS.values(), ids=KEYS.keys())
def test_an_untouched_new_version_is_like_the_one_before(
    content: dict[str, Any], olga: Client, newest: VaultClient, emulator: Emulator
) -> None:
    before = newest.keys.create("signing", **content)
    assert fill_in(olga, "/vaults/kv-shop-prod/keys/signing/new-version/").status_code == 302
    after = newest.keys.get("signing")
    assert after.properties.version != before.properties.version
    assert (after.key_type, after.size, after.key_ops) == (before.key_type, before.size, before.key_ops)
    assert after.jwk.get("crv") == before.jwk.get("crv")
    assert after.properties.tags == before.properties.tags
    assert (after.properties.exportable, after.release_policy) == (before.properties.exportable, before.release_policy)
    assert sent(emulator, "POST")["kty"] == content["kty"]


def test_a_changed_part_changes_alone(olga: Client, newest: VaultClient) -> None:
    newest.keys.create(
        "signing", kty="RSA-HSM", key_size=3072, key_ops=["sign"], exportable=True, release_policy=POLICY
    )
    assert fill_in(olga, "/vaults/kv-shop-prod/keys/signing/new-version/", key_size="4096").status_code == 302
    after = newest.keys.get("signing")
    assert (after.key_type, after.size, after.key_ops) == ("RSA-HSM", 4096, ("sign",))
    assert (after.properties.exportable, after.release_policy) == (True, POLICY)


def test_another_type_takes_its_own_curve(olga: Client, newest: VaultClient) -> None:
    newest.keys.create("signing", kty="RSA", key_size=3072)
    assert fill_in(olga, "/vaults/kv-shop-prod/keys/signing/new-version/", kty="EC", crv="P-384").status_code == 302
    after = newest.keys.get("signing")
    assert (after.key_type, after.jwk["crv"], after.key_ops) == ("EC", "P-384", ("sign", "verify"))


def test_a_key_with_a_rotation_policy_is_rotated(olga: Client, newest: VaultClient, emulator: Emulator) -> None:
    newest.keys.create("signing", kty="EC", crv="P-384")
    set_rotation_policy(newest, "signing")
    page = olga.get("/vaults/kv-shop-prod/keys/signing/new-version/")
    assert "90 days" in text_of(page)
    vault_calls(emulator)
    assert fill_in(olga, "/vaults/kv-shop-prod/keys/signing/new-version/").status_code == 302
    assert ("POST", "/keys/signing/rotate") in vault_calls(emulator)
    after = newest.keys.get("signing").properties
    assert after.expires_on is not None
    assert after.created_on is not None
    assert (after.expires_on - after.created_on).days == 90


def test_a_rotation_policy_that_may_not_be_read_stops_nobody(
    olga: Client, newest: VaultClient, emulator: Emulator
) -> None:
    newest.keys.create("signing", kty="EC", crv="P-384")
    emulator.deny("keys/getrotationpolicy")
    assert fill_in(olga, "/vaults/kv-shop-prod/keys/signing/new-version/").status_code == 302
    assert newest.keys.get("signing").jwk["crv"] == "P-384"


def test_what_an_old_api_version_does_not_tell_is_said_before_sending(olga: Client, azure: VaultClient) -> None:
    azure.keys.create("signing", kty="RSA")
    page = text_of(olga.get("/vaults/kv-shop-prod/keys/signing/new-version/"))
    assert "API version 7.0, which tells nothing of export" in page


def test_the_page_shows_what_lets_a_key_leave_its_vault(olga: Client, newest: VaultClient) -> None:
    newest.keys.create("signing", kty="RSA-HSM", exportable=True, release_policy=POLICY)
    page = text_of(olga.get("/vaults/kv-shop-prod/keys/signing/"))
    assert "Exportable Yes, under its release policy" in page
    assert "Can't be changed" in page
    assert '"version": "1.0.0"' in page


PARTS = "/vaults/kv-shop-prod/keys/signing/new-version/"


def test_a_keys_new_version_opens_as_a_list_of_what_stays(olga: Client, newest: VaultClient) -> None:
    newest.keys.create(
        "signing",
        kty="RSA-HSM",
        key_size=3072,
        key_ops=["sign"],
        exportable=True,
        release_policy=POLICY,
        tags={"a": "b"},
    )
    page = olga.get(PARTS)
    for words in (
        "Type and size RSA-HSM 3072 bits made in the vault's HSM",
        "Export may leave the vault, under its release policy",
        "can't be changed",
        '"version": "1.0.0"',
        "Permitted operations sign",
        "Expires never",
        "Nothing changed, all 8 parts stay.",
    ):
        assert words in text_of(page)
    assert page.content.decode().count('<details class="part"') == 6
    assert " open>" not in page.content.decode()


@pytest.mark.parametrize(
    ("typed", "changed"),
    [
        ({"tags": f"note={'y' * 257}"}, ["Tags"]),
        ({"tags": "no equals", "key_size": "4096"}, ["Type and size", "Tags"]),
        ({"expires_on": "nonsense"}, ["Expires"]),
        ({"enabled": ["false"], "tags": "none"}, ["State", "Tags"]),
    ],
)
def test_a_refused_version_still_shows_its_parts_and_opens_those_that_were_changed(
    typed: dict[str, Any], changed: list[str], olga: Client, newest: VaultClient
) -> None:
    newest.keys.create("signing", kty="RSA-HSM", key_size=3072, exportable=True, release_policy=POLICY)
    page: Any = fill_in(olga, PARTS, **typed)
    assert page.status_code == 422
    assert page.context["changed_parts"] == changed
    assert page.content.decode().count(" open>") == len(changed)
    assert "RSA-HSM 3072 bits" in text_of(page)
    assert "Export may leave the vault" in text_of(page)


def test_after_somebody_elses_change_the_form_shows_what_stands_there_now(
    olga: Client, newest: VaultClient, emulator: Emulator
) -> None:
    newest.keys.create("signing", kty="RSA", key_size=3072, key_ops=["sign"], tags={"team": "shop"})
    page = olga.get(PARTS)
    emulator.clock.advance(3)
    newest.keys.create("signing", kty="EC", crv="P-384", key_ops=["verify"], tags={"team": "web"})
    answer: Any = olga.post(PARTS, filled(page, tags="team=ops"))
    assert answer.status_code == 422
    assert "Somebody else changed this" in text_of(answer)
    assert "EC P-384" in text_of(answer)
    fields = main_form(answer).fields
    assert (fields["kty"], fields["crv"], fields["key_ops"], fields["tags"]) == (
        ["EC"],
        ["P-384"],
        ["verify"],
        ["team=ops"],
    )
    assert olga.post(PARTS, filled(answer)).status_code == 302
    after = newest.keys.get("signing")
    assert (after.key_type, after.jwk["crv"], after.key_ops) == ("EC", "P-384", ("verify",))
    assert after.properties.tags == {"team": "ops"}


def test_the_page_does_not_call_a_version_alike_that_cannot_be(olga: Client, newest: VaultClient) -> None:
    newest.keys.create("signing", kty="EC", crv="P-384")
    assert "for the new version, like the current one." in text_of(olga.get(PARTS))
    newest.keys.create("signing", kty="EC", crv="P-384", expires_on=datetime(2090, 1, 1, tzinfo=UTC))
    assert "like the current one as far as it can be carried over." in text_of(olga.get(PARTS))


def test_a_size_that_key_vault_does_not_make_is_asked_for_at_its_part() -> None:
    modulus = base64.urlsafe_b64encode((1 << 2559 | 1).to_bytes(320)).decode().rstrip("=")
    key = Key(
        KeyProperties(id="id", name="signing", version="v1"),
        "RSA",
        ("sign",),
        {"kty": "RSA", "n": modulus, "e": "AQAB"},
    )
    none: Part[Any] = Part(None)
    before = Predecessor(Part(key), none, none, knows_policies=True)
    form = _version_form_of(key)
    part = parts_of_version(form, before)[0].parts[0]
    assert (part.text, part.wrong) == ("RSA 2560 bits", True)
    assert "2560 bits" in not_carried(before, key, "7.4")[0]


def test_the_dates_of_the_rotation_policy_stand_at_their_part(olga: Client, newest: VaultClient) -> None:
    newest.keys.create("signing", kty="EC", crv="P-384")
    set_rotation_policy(newest, "signing")
    drawn = olga.get(PARTS)
    assert 'title="P90D"' in drawn.content.decode()
    assert 'title="P30D"' in drawn.content.decode()
    page = text_of(drawn)
    assert "Expires 90 days after it was made, as the rotation policy says" in page
    assert "Rotation by itself 30 days before it expires" in page
    assert "If nothing is changed, the key is rotated" in page
