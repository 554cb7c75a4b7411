"""Before a form is sent it asks whether somebody is still signed in, so that nothing typed is lost to a sign-in page."""

from django.test import Client

from tests.conftest import World, signed_in


def test_whoever_is_signed_in_gets_a_form_token_that_is_good_now(world: World) -> None:
    client = signed_in(world.olga, enforce_csrf_checks=True)
    token = client.get("/session/").json()["token"]
    fields = {"csrfmiddlewaretoken": token, "name": "bad name", "value": "v"}
    assert client.post("/vaults/kv-shop-prod/new/secret/", fields).status_code == 422
    assert (
        client.post("/vaults/kv-shop-prod/new/secret/", fields | {"csrfmiddlewaretoken": "x" * 64}).status_code == 403
    )


def test_nobody_is_told_so(db: None) -> None:
    answer = Client().get("/session/")
    assert (answer.status_code, answer.json()) == (401, {})
    assert answer["Cache-Control"] == "no-store"
