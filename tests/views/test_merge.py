"""Merging a signed certificate: the reply is read and checked, what was understood is shown, then the chain is sent."""

import base64
import re
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.browsing import fill_in, filled, forms_of, main_form, text_of, timeline
from tests.conftest import World, confirmed, last_detail, last_entry, signed_in, unwritable
from tests.signing import Shop, bare, der, named, p7b, pem, pfx, private_der, private_pem
from vaults.actions.scans import scan_vault
from vaults.actors import System
from vaults.azure.errors import NotFound
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy
from vaults.models import AuditEntry, InventoryItem, Membership, RecordedOperation, Submission
from vaults.permissions import Action, Role

pytestmark = pytest.mark.sweep

LIST, ITEM = "/vaults/kv-shop-prod/certificates/", "/vaults/kv-shop-prod/certificates/waiting/"
OPERATION, MERGE, RESTART = f"{ITEM}operation/", f"{ITEM}operation/merge/", f"{ITEM}operation/restart/"
POLICY = CertificatePolicy(
    issuer_name="Unknown", subject="CN=shop.example", dns_names=("shop.example", "www.shop.example")
)


@pytest.fixture
def shop(world: World, azure: VaultClient) -> Shop:
    """A CA, and an operation that waits for it."""
    operation = azure.certificates.create("waiting", POLICY)
    scan_vault(System(), world.vault)
    return Shop(csr=operation.csr)


def reply_form(page: Any) -> dict[str, Any]:
    [form] = [form for form in forms_of(page) if "reply" in form.fields]
    return dict(form.fields)


def give(client: Client, reply: bytes = b"", *files: bytes, on: str = MERGE) -> Any:
    """Type a reply, or choose files, on the page `on`; the answer is the merge page's."""
    uploads = [SimpleUploadedFile(f"{number}.cer", content) for number, content in enumerate(files)]
    return client.post(MERGE, reply_form(client.get(on)) | {"reply": reply.decode(), "uploads": uploads})


def merges(emulator: Emulator) -> list[Any]:
    return [each.body for each in emulator.requests if each.path.endswith("/pending/merge")]


def test_the_whole_way(olga: Client, shop: Shop, azure: VaultClient, emulator: Emulator) -> None:
    page = give(olga, pem(shop.root, shop.foreign, *shop.chain), on=OPERATION)
    words = text_of(page)
    assert page.status_code == 200
    for part in (
        "shop.example",
        "Issuing 2",
        "Issuing 1",
        "Root R",
        "stands in the reply twice",
        "does not belong",
        "www.shop",
    ):
        assert part in words, part
    assert "names that the CSR asks for: www.shop.example" in words
    assert merges(emulator) == []
    answer = olga.post(MERGE, main_form(page).fields)
    assert (answer.status_code, answer["Location"]) == (302, ITEM)
    [sent] = merges(emulator)
    assert sent["x5c"] == [base64.b64encode(der(each)).decode() for each in shop.chain]
    current = azure.certificates.get("waiting")
    assert current.cer == der(shop.leaf)
    detail, entry = last_detail(Action.CERTIFICATE_OPERATION_MERGE), last_entry(Action.CERTIFICATE_OPERATION_MERGE)
    assert (entry.state, entry.version, detail["thumbprint"]) == (
        "succeeded",
        current.properties.version,
        current.properties.x5t,
    )
    row = re.search(r'<tr [^>]*data-row="[^"]*/waiting/".*?</tr>', olga.get(LIST).content.decode(), re.DOTALL)
    assert row
    assert "Pending" not in row.group()
    assert "Pending" not in text_of(olga.get(ITEM))
    assert f"owner · {Action.CERTIFICATE_OPERATION_MERGE.label}" in timeline(olga.get(ITEM))[0]
    assert not InventoryItem.objects.get(name="waiting", kind="certificate").pending


def test_the_board_of_operations_leads_there_and_keeps_the_outcome(olga: Client, shop: Shop) -> None:
    olga.get(f"{ITEM}operation/")
    assert MERGE in olga.get("/operations/").content.decode()
    page = give(olga, pem(shop.leaf))
    olga.post(MERGE, main_form(page).fields)
    recorded = RecordedOperation.objects.get(name="waiting")
    assert recorded.outcome == "issued"
    assert MERGE not in olga.get("/operations/").content.decode()


def test_files_in_any_dress(olga: Client, shop: Shop) -> None:
    page = give(olga, b"", der(shop.leaf), p7b(shop.root, shop.lower, shop.intermediate))
    assert "Merge this into" in text_of(page)
    assert "is not in the reply" not in text_of(page)


def test_a_missing_issuer_and_dates_are_said(olga: Client, shop: Shop) -> None:
    old = shop.two.sign("shop.example", shop.public, begin=-400, end=-30)
    words = text_of(give(olga, pem(old)))
    assert "The certificate expired on" in words
    assert "The certificate of the issuer “CN=Issuing 2” is not in the reply" in words
    assert "is not valid before" in text_of(give(olga, pem(shop.two.sign("shop.example", shop.public, begin=5))))


@pytest.mark.parametrize("way", ["pasted", "file", "pfx"])
def test_a_private_key_is_refused_and_nowhere_kept(
    way: str, olga: Client, shop: Shop, emulator: Emulator, log: Any
) -> None:
    secret = private_pem(shop.key)
    mark = secret.splitlines()[2].decode()
    if way == "pasted":
        answer = give(olga, pem(shop.leaf) + secret)
    else:
        other = Shop()
        answer = give(olga, b"", secret if way == "file" else pfx(other.key, other.chain[0]))
    assert answer.status_code == 422
    assert "Nothing of it was kept" in text_of(answer)
    assert mark not in answer.content.decode()
    assert mark not in log.getvalue()
    assert not any(mark in str(each.body) for each in emulator.requests)
    assert not any(mark in str(entry.detail) for entry in AuditEntry.objects.all())
    assert merges(emulator) == []


@pytest.mark.parametrize(
    ("more", "request_id"),
    [
        (b"", "of-another-operation"),
        (b"", "longer than any id " * 9),
        (b"\0", None),
        (b" " * 1_000_000, None),
    ],
)
def test_a_private_key_does_not_return_with_another_error(
    more: bytes, request_id: str | None, olga: Client, shop: Shop
) -> None:
    secret = private_pem(shop.key)
    form = reply_form(olga.get(MERGE)) | {"reply": (secret + more).decode()}
    answer = olga.post(MERGE, form | ({"request_id": request_id} if request_id else {}))
    assert answer.status_code == 422
    assert secret.splitlines()[2].decode() not in answer.content.decode()


def test_a_bare_key_after_too_many_certificates_does_not_return(olga: Client, shop: Shop) -> None:
    secret = base64.b64encode(private_der(shop.key)).decode()
    answer = give(olga, bare(*[shop.leaf] * 101) + b"\n\n" + secret.encode())
    assert (answer.status_code, secret[:40] in answer.content.decode()) == (422, False)


def test_what_was_typed_comes_back_where_it_holds_no_key(olga: Client, shop: Shop) -> None:
    answer = give(olga, b"Dear Olga, <b>not yet</b>.")
    assert answer.status_code == 422
    assert "There is no certificate in it." in text_of(answer)
    assert reply_form(answer)["reply"] == ["Dear Olga, <b>not yet</b>."]


def test_a_foreign_certificate_is_refused_before_anything_is_sent(olga: Client, shop: Shop, emulator: Emulator) -> None:
    answer = give(olga, pem(shop.foreign, shop.lower))
    assert answer.status_code == 422
    assert "No certificate in the reply belongs to this operation's CSR. It is for “CN=other.example”" in text_of(
        answer
    )
    assert merges(emulator) == []


def test_the_second_step_is_checked_again(olga: Client, shop: Shop, emulator: Emulator) -> None:
    form = main_form(give(olga, pem(*shop.chain))).fields
    for chain in (
        "",
        "!",
        base64.b64encode(der(shop.foreign)).decode(),
        base64.b64encode(private_pem(shop.key)).decode(),
    ):
        answer = olga.post(MERGE, form | {"chain": chain})
        assert (answer.status_code, merges(emulator)) == (422, []), chain
        assert "Nothing was merged" in text_of(answer)


def test_an_operation_that_was_replaced_takes_nothing(
    olga: Client, shop: Shop, azure: VaultClient, emulator: Emulator
) -> None:
    first = reply_form(olga.get(MERGE)) | {"reply": pem(*shop.chain).decode()}
    second = main_form(give(olga, pem(*shop.chain))).fields
    azure.certificates.delete_operation("waiting")
    azure.certificates.create("waiting", POLICY)
    for form in (first, second):
        answer = olga.post(MERGE, form)
        assert answer.status_code == 422
        assert "has been replaced by another one" in text_of(answer)
    assert merges(emulator) == []


def test_an_operation_that_ended_takes_nothing(
    olga: Client, shop: Shop, azure: VaultClient, emulator: Emulator
) -> None:
    form = main_form(give(olga, pem(*shop.chain))).fields
    azure.certificates.merge("waiting", [der(shop.leaf)])
    answer = olga.post(MERGE, form)
    assert (answer.status_code, answer["Location"], len(merges(emulator))) == (302, OPERATION, 1)


def test_a_second_click_merges_nothing_more(olga: Client, shop: Shop, emulator: Emulator) -> None:
    form = main_form(give(olga, pem(*shop.chain))).fields
    assert [olga.post(MERGE, form)["Location"] for _ in range(2)] == [ITEM, ITEM]
    assert len(merges(emulator)) == 1
    assert Submission.objects.count() == 1


def test_a_lost_answer_is_looked_up(olga: Client, shop: Shop, emulator: Emulator, azure: VaultClient) -> None:
    form = main_form(give(olga, pem(*shop.chain))).fields
    emulator.lose_answer(method="POST", path="/merge")
    assert olga.post(MERGE, form).status_code == 302
    entry = last_entry(Action.CERTIFICATE_OPERATION_MERGE)
    assert (entry.state, entry.detail["unconfirmed"]) == ("succeeded", True)
    assert entry.version == azure.certificates.get("waiting").properties.version


def test_a_lost_request_is_not_called_done(olga: Client, shop: Shop, emulator: Emulator) -> None:
    form = main_form(give(olga, pem(*shop.chain))).fields
    emulator.lose_request(method="POST", path="/merge")
    answer = olga.post(MERGE, form)
    assert answer.status_code >= 500
    assert main_form(answer).fields["chain"] == form["chain"]
    assert olga.post(MERGE, main_form(answer).fields).status_code == 302


def test_azures_refusals_are_sentences(olga: Client, shop: Shop, emulator: Emulator) -> None:
    form = main_form(give(olga, pem(*shop.chain))).fields
    foreign = (
        "The public key of the end-entity certificate in the specified X.509 certificate content does not match the public part "
        "of the specified private key. Please check if certificate is valid."
    )
    busy = "Merge is forbidden on pending object created with issuer : x while it is in progess."
    for status, code, message, title in (
        (400, "BadParameter", foreign, "The certificate belongs to another key"),
        (403, "Forbidden", busy, "The issuer is still at work"),
        (403, "Forbidden", "Pending status must be in progress to allow update.", "The operation has ended"),
    ):
        emulator.answer_next(status, {"error": {"code": code, "message": message}}, method="POST", path="/merge")
        answer = olga.post(MERGE, form)
        assert answer.status_code == status
        assert title in text_of(answer)


def test_an_unwritable_index_changes_nothing_of_it(olga: Client, shop: Shop) -> None:
    form = main_form(give(olga, pem(*shop.chain))).fields
    with unwritable("vaults_inventoryitem"):
        assert olga.post(MERGE, form).status_code == 302
    assert last_entry(Action.CERTIFICATE_OPERATION_MERGE).state == "succeeded"


# The page of the operation


def test_the_page_decodes_the_signing_request(olga: Client, shop: Shop) -> None:
    words = text_of(olga.get(OPERATION))
    for part in (
        "CN=shop.example",
        "www.shop.example",
        "RSA 2048",
        "digitalSignature",
        "serverAuth",
        "sha256",
    ):
        assert part.lower() in words.lower(), part


def test_only_an_operation_that_waits_has_the_box(olga: Client, azure: VaultClient, shop: Shop) -> None:
    assert "Merge a signed certificate" in text_of(olga.get(OPERATION))
    azure.certificates.create("own", CertificatePolicy(issuer_name="Self", subject="CN=shop.example"))
    assert "Merge a signed certificate" not in text_of(olga.get(f"{LIST}own/operation/"))
    assert olga.get(f"{LIST}own/operation/merge/").status_code == 302


def test_a_failed_operation_says_why(olga: Client, emulator: Emulator, shop: Shop) -> None:
    body = {
        "id": "https://kv-shop-prod.vault.test/certificates/waiting/pending",
        "issuer": {"name": "digicert"},
        "status": "failed",
        "csr": base64.b64encode(shop.csr).decode(),
        "request_id": "a" * 32,
        "error": {
            "code": "Request rejected",
            "message": "The call failed with Error code access_denied and Message no.",
        },
    }
    emulator.answer_next(200, body, method="GET", path="/pending")
    words = text_of(olga.get(OPERATION))
    assert "The CA refused the vault's account" in words
    assert "access_denied" in words
    assert "Delete and start again" in words


# Delete and start again


def test_a_restart_makes_a_new_operation(olga: Client, azure: VaultClient, shop: Shop) -> None:
    before = azure.certificates.operation("waiting").request_id
    assert fill_in(confirmed(olga), RESTART)["Location"] == OPERATION
    operation = azure.certificates.operation("waiting")
    assert operation.is_pending
    assert operation.request_id != before
    assert last_entry(Action.CERTIFICATE_OPERATION_DELETE).state == "succeeded"
    assert last_entry(Action.CERTIFICATE_CREATE).state == "succeeded"
    assert azure.certificates.get("waiting").policy.dns_names == POLICY.dns_names  # type: ignore[union-attr]
    azure.certificates.merge("waiting", [der(Shop(csr=operation.csr).leaf)])
    assert azure.certificates.get("waiting").properties.enabled is True


def test_a_restart_whose_second_act_fails_says_so_and_offers_it(
    olga: Client, azure: VaultClient, shop: Shop, emulator: Emulator
) -> None:
    confirmed(olga)
    form = filled(olga.get(RESTART))
    refusal = {
        "error": {"code": "Forbidden", "message": "The caller may not.", "innererror": {"code": "ForbiddenByPolicy"}}
    }
    emulator.answer_next(403, refusal, method="POST", path="/create")
    answer = olga.post(RESTART, form)
    words = text_of(answer)
    assert answer.status_code == 403
    assert "The old operation was deleted" in words
    assert "No new operation was started yet" in words
    with pytest.raises(NotFound):
        azure.certificates.operation("waiting")
    assert olga.post(RESTART, main_form(answer).fields)["Location"] == OPERATION
    assert azure.certificates.operation("waiting").is_pending


def test_a_restart_leaves_another_operation_alone(olga: Client, azure: VaultClient, shop: Shop) -> None:
    confirmed(olga)
    form = filled(olga.get(RESTART))
    azure.certificates.delete_operation("waiting")
    other = azure.certificates.create("waiting", POLICY)
    assert olga.post(RESTART, form).status_code == 302
    assert azure.certificates.operation("waiting").request_id == other.request_id


@pytest.mark.parametrize("end", ["cancel", "delete"])
def test_the_operation_that_took_the_place_of_the_shown_one_is_not_ended(
    end: str, olga: Client, shop: Shop, azure: VaultClient
) -> None:
    form = main_form(olga.get(f"{OPERATION}{end}/")).fields
    azure.certificates.delete_operation("waiting")
    azure.certificates.create("waiting", POLICY)
    answer = olga.post(f"{OPERATION}{end}/", form)
    assert (answer.status_code, answer["Location"]) == (302, OPERATION)
    assert "was replaced after you opened the page. Nothing was" in text_of(olga.get(OPERATION))
    now = azure.certificates.operation("waiting")
    assert now.is_pending
    assert not now.cancellation_requested


@pytest.mark.parametrize("end", ["cancel", "delete"])
def test_an_operation_that_may_not_be_read_can_be_ended(end: str, olga: Client, shop: Shop, emulator: Emulator) -> None:
    emulator.deny("certificates/get")
    assert fill_in(olga, f"{OPERATION}{end}/").status_code == 302
    assert [each.method for each in emulator.requests if each.path.endswith("/pending")][-1] in ("PATCH", "DELETE")


def test_a_restart_that_lost_the_right_half_way_says_what_was_done(
    world: World, shop: Shop, azure: VaultClient, emulator: Emulator
) -> None:
    writer = world.members[Role.WRITER]

    def lower(request: Any, proceed: Any) -> Any:
        answer = proceed()
        Membership.objects.filter(user=writer).update(role=Role.VIEWER)
        return answer

    client = confirmed(signed_in(writer))
    form = filled(client.get(RESTART))
    emulator.interfere(lower, 1, method="DELETE", path="/pending$")
    answer = client.post(RESTART, form)
    assert answer.status_code == 403
    words = text_of(answer)
    assert "The old operation was deleted: its CSR is useless now." in words
    assert "No new operation was started yet." in words
    with pytest.raises(NotFound):
        azure.certificates.operation("waiting")


def test_the_name_of_a_foreign_certificate_turns_no_sentence_around(olga: Client, shop: Shop) -> None:
    name = named("\u202eother.example")
    builder = x509.CertificateBuilder(name, name, shop.foreign.public_key(), 1)
    dated = builder.not_valid_before(shop.leaf.not_valid_before_utc).not_valid_after(shop.leaf.not_valid_after_utc)
    foreign = dated.sign(shop.two.key, hashes.SHA256())
    page = give(olga, b"", der(foreign))
    assert page.status_code == 422
    assert "\u202e" not in page.content.decode()
    assert "It is for “CN=⟨U+202E⟩other.example”, with another key." in text_of(page)


def test_an_odd_request_id_turns_nothing_around(olga: Client, shop: Shop, emulator: Emulator) -> None:
    emulator.rewrite(lambda answer: answer | {"request_id": "\u202e1234"}, path="/pending$")
    page = olga.get(OPERATION)
    shown = re.sub(r"<(input|button)[^>]*>", "", page.content.decode())  # what is sent and copied stays as it is
    assert "⟨U+202E⟩1234" in text_of(page)
    assert "\u202e" not in shown
