"""A chain for each team and one for the installation: what stands where, who sees it, what is found of a removed chain."""

import uuid
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from tests.attacks.records import write
from tests.browsing import text_of
from tests.conftest import PASSWORD, World, signed_in
from tests.signing_in import HOME, gets_in, sign_in
from tests.working import reconcile_open_acts
from vaults.access import visible_to
from vaults.actions.verification import accept_restore
from vaults.actors import Command, Job, Person
from vaults.acts import act
from vaults.audit import chain, checkpoints, verification
from vaults.audit.links import HASHED_FIELDS, added_to_schema_1, link
from vaults.models import AuditChain, AuditEntry, Membership, Team, User
from vaults.models.audit import INSTALLATION
from vaults.permissions import Action, Role

ONE, TWO = uuid.UUID(int=1), uuid.UUID(int=2)


def test_each_chain_has_its_own_numbers_head_and_file(world: World, checkpoint_file: Path) -> None:
    for team in (None, ONE, TWO):
        write(3, team)
    assert {head.chain: head.seq for head in AuditChain.objects.all()} == {INSTALLATION: 3, ONE: 3, TWO: 3}
    assert all(found.broken is None for found in verification.verify_all().values())
    assert checkpoints.chains() == {INSTALLATION, ONE, TWO}
    assert checkpoints.file_of(INSTALLATION) == checkpoint_file


def test_a_chain_that_was_removed_with_all_its_entries_is_found_by_its_file(world: World) -> None:
    write(3, ONE)
    write(3, TWO)
    AuditEntry.objects.filter(chain=ONE)._raw_delete("default")
    AuditChain.objects.filter(chain=ONE).delete()
    assert verification.verify(TWO).broken is None
    with pytest.raises(CommandError, match="not in the database: broken at entry 1: all entries were removed"):
        call_command("verify_audit")
    assert not chain.are_kept()


def test_entries_of_one_chain_can_not_be_moved_to_another(world: World) -> None:
    write(3, ONE)
    AuditEntry.objects.update(chain=TWO)
    AuditChain.objects.update(chain=TWO)
    assert verification.verify(TWO).broken == 1


def test_a_chain_that_somebody_made_up_is_found(world: World, olga: Client) -> None:
    write(3, world.team.pk)
    made_up = AuditEntry.objects.latest("id")
    made_up.pk, made_up.chain, made_up.event = None, TWO, uuid.uuid4()
    made_up.save(force_insert=True)
    assert verification.verify_all()[TWO].broken is not None
    olga.post("/audit/verify/")
    assert "a chain that is not the team" in text_of(olga.get("/audit/"))


def test_only_chains_with_new_entries_are_looked_at_for_a_checkpoint(world: World) -> None:
    for team in (ONE, TWO):
        write(3, team)
    chain.note_all()
    assert [chain.standing(team).behind for team in (ONE, TWO)] == [0, 0]
    checkpoints.file_of(TWO).write_bytes(b"")  # nobody looks
    write(2, ONE)
    chain.note_all()
    assert chain.standing(ONE).behind == 0


def test_each_chain_that_was_set_back_is_accepted_with_a_record_of_its_own(world: World) -> None:
    for team in (world.team.pk, TWO):
        write(3, team)
        AuditEntry.objects.filter(chain=team)._raw_delete("default")
        AuditChain.objects.filter(chain=team).delete()
    write(3)
    accept_restore(Command(), "The disk of 3 March")
    said = StringIO()
    call_command("verify_audit", stdout=said)
    assert said.getvalue().count("a restore was accepted") == 2
    accepted = AuditEntry.objects.filter(action=Action.AUDIT_ACCEPT_RESTORE, state="succeeded")
    assert {entry.chain for entry in accepted} == {world.team.pk, TWO}


def test_a_sign_in_is_in_the_installations_chain_once(world: World) -> None:
    Membership.objects.create(team=world.otto.memberships.get().team, user=world.olga, role=Role.VIEWER)
    assert gets_in(Client(), world.olga.email, HOME)
    entries = AuditEntry.objects.filter(action=Action.ACCOUNT_SIGN_IN)
    assert [(entry.chain, entry.team_id, entry.state) for entry in entries.order_by("id")] == [
        (INSTALLATION, None, "started"),
        (INSTALLATION, None, "succeeded"),
    ]


def test_somebody_without_a_team_is_recorded_too(world: World) -> None:
    lone = User.objects.create_user("lone@example.com", PASSWORD)
    sign_in(Client(), lone.email, PASSWORD)
    assert AuditEntry.objects.filter(name=lone.email, state="succeeded").exists()


def test_who_sees_whose_sign_ins(world: World) -> None:
    """Everybody their own, owners those of their members, and nobody those of other teams."""
    for user in (world.olga, world.rafi, world.otto):
        sign_in(Client(), user.email, PASSWORD)

    def seen(user: User) -> set[str]:
        return {entry.name for entry in visible_to(Person(user)).entries}

    assert seen(world.olga) == {world.olga.email, world.rafi.email}
    assert seen(world.rafi) == {world.rafi.email}
    assert seen(world.otto) == {world.otto.email}
    listed = signed_in(world.rafi).get("/audit/?show=all").context["page"].object_list
    assert {entry.name for entry in listed} == {world.rafi.email}
    foreign = AuditEntry.objects.filter(name=world.otto.email).latest("id")
    assert signed_in(world.olga).get(f"/audit/{foreign.event}/").status_code == 404


def test_an_entry_says_why_by_whom_and_where(world: World) -> None:
    parent, approval = uuid.uuid4(), uuid.uuid4()
    with act(
        Job(world.olga), Action.SECRET_DELETE, world.vault, name="Kept", parent=parent, approval=approval, reason="old"
    ):
        pass
    entry = AuditEntry.objects.latest("id")
    assert (entry.schema, entry.chain, entry.source, entry.because) == (2, world.team.pk, "job", "role:owner")
    assert (entry.parent, entry.request, entry.connection_id) == (parent, approval, world.connection.pk)
    assert (entry.vault_cloud, entry.vault_host) == ("local", "kv-shop-prod.vault.test")
    assert (entry.kind, entry.name, entry.folded_name) == ("secret", "Kept", "kept")
    page = text_of(signed_in(world.olga).get(f"/audit/{entry.event}/"))
    assert all(words in page for words in ("a job for a person", "the role owner", str(parent), str(approval)))


def earlier(seq: int, **fields: object) -> AuditEntry:
    """An entry as the version before teams had chains has written it, and as the migration has filled it."""
    entry = AuditEntry(schema=1, seq=seq, event=uuid.uuid4(), at=timezone.now(), source="", **fields)
    entry.previous_hash = chain.NOTHING
    for name, value in added_to_schema_1(entry).items():
        setattr(entry, name, value)
    entry.hash = link(entry)
    entry.save(force_insert=True)
    head = AuditChain(chain=INSTALLATION, seq=seq, hash=entry.hash)
    head.seal = chain.seal_of(head)
    head.save()
    return entry


def test_an_entry_of_schema_1_stays_verifiable_and_what_was_added_to_it_can_not_be_changed(world: World) -> None:
    entry = earlier(
        1, state="succeeded", team_id=world.team.pk, action="secret.reveal", name="Kept", vault_id=world.vault.pk
    )
    assert verification.verify().broken is None
    assert (entry.kind, entry.folded_name, entry.news) == ("secret", "kept", True)
    others: dict[str, object] = {
        "kind": "key", "folded_name": "other", "news": False, "look": True, "because": "role:owner", "source": "portal",
        "vault_host": "kv-other", "vault_cloud": "china", "parent": ONE, "request": ONE, "connection_id": ONE,
    }  # fmt: skip
    assert set(others) | {"chain", "schema"} == set(HASHED_FIELDS[2]) - set(HASHED_FIELDS[1])
    for name, other in others.items():
        before = getattr(entry, name)
        AuditEntry.objects.update(**{name: other})
        assert verification.verify().broken == 1, name
        AuditEntry.objects.update(**{name: before})
    assert verification.verify().broken is None


def test_the_outcome_of_an_act_that_a_version_before_began_goes_to_the_teams_chain(world: World) -> None:
    begun = earlier(
        1, state="started", team_id=world.team.pk, action="secret.purge", name="gone", vault_id=world.vault.pk
    )
    assert reconcile_open_acts(timezone.now() + timedelta(minutes=20)) == 1
    ended = AuditEntry.objects.exclude(state="started").get(event=begun.event)
    assert (ended.chain, ended.schema) == (world.team.pk, 2)
    assert verification.verify_team(Team.objects.get(pk=world.team.pk)).broken is None
