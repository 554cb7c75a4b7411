"""A new certificate: its issuer is one of the vault's, or is typed where those may not be listed."""

from typing import Any

import pytest
from django.test import Client

from tests.browsing import fill_in, filled, main_form, text_of
from tests.emulator.caller import Caller
from vaults.emulator import Emulator

pytestmark = pytest.mark.slow

PAGE = "/vaults/kv-shop-prod/new/certificate/"


def sent(emulator: Emulator) -> Any:
    return [request.body for request in emulator.requests if request.path.endswith("/create")][-1]["policy"]["issuer"]


@pytest.fixture
def vault(emulator: Emulator) -> Caller:
    caller = Caller(emulator)
    caller.put("certificates/issuers/digi-int", {"provider": "DigiCert"})
    return caller


@pytest.mark.usefixtures("vault")
def test_the_issuer_is_chosen_among_those_of_the_vault(olga: Client, emulator: Emulator) -> None:
    page = olga.get(PAGE)
    assert "digi-int: DigiCert" in text_of(page)
    assert main_form(page).fields["issuer"] == ["Self"]
    typed = {"name": "tls", "subject": "CN=a", "issuer": "digi-int", "certificate_type": "OV-SSL"}
    assert olga.post(PAGE, filled(page, **typed)).status_code == 302
    assert sent(emulator) == {"name": "digi-int", "cty": "OV-SSL"}


def test_without_a_type_none_is_sent(olga: Client, emulator: Emulator) -> None:
    assert fill_in(olga, PAGE, name="tls", subject="CN=a").status_code == 302
    assert sent(emulator) == {"name": "Self"}


@pytest.mark.usefixtures("vault")
@pytest.mark.parametrize("why", ["refused", "throttled"])
def test_where_they_can_not_be_listed_a_name_may_be_typed(why: str, olga: Client, emulator: Emulator) -> None:
    if why == "refused":
        emulator.deny("certificates/listissuers", "certificates/manageissuers")
    else:
        emulator.throttle(9, retry_after="60", path="/issuers")
    page = olga.get(PAGE)
    assert page.status_code == 200
    assert "The vault's issuers could not be listed" in text_of(page)
    assert ("listissuers is missing" in text_of(page)) is (why == "refused")
    assert '<input type="text" name="issuer" value="Self"' in page.content.decode()
    refused = olga.post(PAGE, filled(page, name="tls", subject="none", issuer=" digi-int "))
    assert refused.status_code == 422
    assert main_form(refused).fields["issuer"] == [" digi-int "]
    assert "The vault's issuers could not be listed" in text_of(refused)
    assert olga.post(PAGE, filled(refused, subject="CN=a")).status_code == 302
    assert sent(emulator) == {"name": "digi-int"}


@pytest.mark.usefixtures("vault")
def test_a_refused_form_still_offers_them(olga: Client, emulator: Emulator) -> None:
    refused = fill_in(olga, PAGE, name="tls", subject="none", issuer="digi-int")
    assert refused.status_code == 422
    assert "digi-int: DigiCert" in text_of(refused)
    assert main_form(refused).fields["issuer"] == ["digi-int"]


@pytest.mark.usefixtures("vault")
def test_an_issuer_that_is_gone_is_for_the_vault_to_refuse(olga: Client, vault: Caller, emulator: Emulator) -> None:
    page = olga.get(PAGE)
    vault.delete("certificates/issuers/digi-int")
    answer = olga.post(PAGE, filled(page, name="tls", subject="CN=a", issuer="digi-int"))
    assert answer.status_code == 404
    assert main_form(answer).fields["issuer"] == ["digi-int"]


@pytest.mark.usefixtures("vault")
def test_no_issuer_is_said_at_the_field(olga: Client) -> None:
    answer: Any = fill_in(olga, PAGE, name="tls", subject="CN=a", issuer="")
    assert answer.status_code == 422
    assert "issuer" in answer.context["form"].errors
