"""One act, one seam: decided, recorded, done with a client whose calls carry the record's id."""

import threading

import pytest

from tests.conftest import World, vault_calls
from vaults.access import Item, Target
from vaults.actors import Person, System
from vaults.acts import FormNotNoted, act, refused
from vaults.azure.parallel import gather
from vaults.emulator import Emulator
from vaults.kinds import SECRET
from vaults.models import AuditEntry, Membership
from vaults.permissions import ONCE_A_FORM, Action, Role, RoleMissing


def newest() -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(event=AuditEntry.objects.latest("id").event).order_by("id"))


def test_an_act_is_recorded_around_its_doing_and_its_calls_bear_the_records_id(
    world: World, emulator: Emulator
) -> None:
    person = Person(world.olga)
    with act(person, Action.SECRET_DELETE, world.vault, name="s") as doing:
        assert [entry.state for entry in newest()] == ["started"]
        doing.client.secrets.list_page()
        doing.detail["count"] = 0
    started, ended = newest()
    assert (started.event, ended.state, ended.detail["count"]) == (doing.event.id, "succeeded", 0)
    [sent] = [each for each in emulator.requests if each.host.endswith(".vault.test")]
    assert sent.headers["x-ms-client-request-id"] == str(doing.event.id)
    assert [each.operation for each in person.exchanges] == ["GetSecrets"]


def test_what_an_act_sent_stays_with_the_actor_also_where_it_failed(world: World, emulator: Emulator) -> None:
    emulator.deny("secrets/list")
    person = Person(world.olga)
    with pytest.raises(Exception, match="permission"), act(person, Action.SECRET_LIST, world.vault) as doing:
        doing.client.secrets.list_page()
    assert [each.status for each in person.exchanges] == [403]


@pytest.mark.parametrize("target", ["vault", "item", "connection", "team"])
def test_a_refusal_is_recorded_under_what_the_act_is_about(target: str, world: World, emulator: Emulator) -> None:
    targets: dict[str, Target] = {
        "vault": world.vault,
        "item": Item(world.vault, SECRET, "kept"),
        "connection": world.connection,
        "team": world.team,
    }
    with pytest.raises(RoleMissing), act(Person(world.members[Role.VIEWER]), Action.SECRET_DELETE, targets[target]):
        pytest.fail("the act must not happen")
    ended = newest()[-1]
    assert (ended.state, ended.code, ended.team_id) == ("denied", "RoleMissing", world.team.pk)
    assert ended.vault_name == ("kv-shop-prod" if target in ("vault", "item") else "")
    assert ended.name == ("kept" if target == "item" else "")
    assert ended.connection_name == ("" if target == "team" else "sp-shop-admin")
    assert vault_calls(emulator) == []


def test_the_portal_itself_is_refused_too(world: World) -> None:
    with pytest.raises(RoleMissing), act(System(), Action.SECRET_REVEAL, world.vault):
        pytest.fail("the act must not happen")
    assert newest()[-1].state == "denied"


def test_no_change_begins_where_its_form_could_not_be_noted(world: World) -> None:
    with refused(ONCE_A_FORM, FormNotNoted()):
        with pytest.raises(FormNotNoted), act(Person(world.olga), Action.SECRET_CREATE, world.vault):
            pytest.fail("the act must not happen")
        with act(Person(world.olga), Action.SECRET_LIST, world.vault):
            pass
    assert [entry.action for entry in AuditEntry.objects.order_by("id")] == ["secret.list"]


def test_a_lost_response_that_was_found_out_is_a_success(world: World) -> None:
    with act(Person(world.olga), Action.SECRET_CREATE, world.vault, name="fresh") as doing:
        doing.happened_after_all(version="a" * 32)
    ended = newest()[-1]
    assert (ended.state, ended.version, ended.detail["unconfirmed"]) == ("succeeded", "a" * 32, True)


def test_an_act_about_no_vault_has_no_client(world: World) -> None:
    with (
        pytest.raises(TypeError, match="about no vault"),
        act(Person(world.olga), Action.AUDIT_VERIFY, world.team) as doing,
    ):
        doing.client.secrets.list_page()


def test_what_a_page_prepares_is_done_once_while_azure_is_asked(world: World) -> None:
    person, done = Person(world.olga), []
    person.prepare_with(lambda: done.append(threading.current_thread()))
    with act(person, Action.SECRET_LIST, world.vault) as doing:
        [called_in] = gather(threading.current_thread, meanwhile=doing.meanwhile)
        assert called_in is not threading.current_thread()
        gather(lambda: None, meanwhile=doing.meanwhile)  # nothing is done twice
    assert done == [threading.current_thread()]


def test_a_preparation_that_fails_fails_nothing(world: World) -> None:
    person, done = Person(world.olga), []
    person.prepare_with(lambda: 1 / 0)
    person.prepare_with(lambda: done.append("other"))
    with act(person, Action.SECRET_LIST, world.vault) as doing:
        assert gather(lambda: "read", meanwhile=doing.meanwhile) == ("read",)
    assert done == ["other"]


def test_work_ahead_is_done_once_and_its_error_is_the_pages(world: World) -> None:
    person, done = Person(world.olga), [0]
    ahead, never = person.ahead(done.pop), person.ahead(lambda: 1 / 0)
    assert person.preparation is not None
    person.preparation()
    assert (done, ahead(), ahead()) == ([], 0, 0)
    with pytest.raises(ZeroDivisionError):
        never()


def test_the_record_has_the_role_that_the_act_is_decided_by(world: World) -> None:
    person = Person(world.olga)
    assert person.role_in(world.team) is Role.OWNER
    Membership.objects.filter(user=world.olga).update(role=Role.VIEWER)
    with pytest.raises(RoleMissing), act(person, Action.SECRET_REVEAL, world.vault, name="s"):
        pytest.fail("the act must not happen")
    assert [entry.detail["actor_role"] for entry in newest()] == ["viewer", "viewer"]


@pytest.mark.parametrize("typed", ["hunter2-my-password", "0" * 31, ""])
def test_what_was_typed_in_place_of_a_version_is_not_recorded(typed: str, world: World) -> None:
    with act(Person(world.olga), Action.KEY_READ, world.vault, name="k", version=typed):
        pass
    with act(Person(world.olga), Action.KEY_READ, world.vault, name="k", version="a" * 32):
        pass
    assert {entry.version for entry in AuditEntry.objects.all()} == {"", "a" * 32}
