"""manage.py verify_audit: check every entry of every chain of the audit trail, and compare chains and checkpoints."""

import uuid
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from vaults import actors
from vaults.actions.verification import accept_restore
from vaults.audit import chain, verification
from vaults.audit.appending import AuditUnavailable
from vaults.models import Team
from vaults.models.audit import INSTALLATION

LONGEST_REASON = 300


class Command(BaseCommand):
    help = "Verify all chains of the audit trail; exits with 1 where an entry was changed, removed or added."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--accept-restore",
            action="store_true",
            help="the database was set back on purpose: record that, and go on from where its trail ends; needs --reason",
        )
        parser.add_argument(
            "--reason", default="", help="why it was set back; recorded in the audit trail and shown on its page"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        try:
            if options["accept_restore"]:
                self._accept(options["reason"].strip())
            self._verify()
        except OSError as error:
            why = error.strerror or str(error)
            raise CommandError(f"the checkpoint file can't be used: {why} ({settings.AUDIT_SINK})") from None

    def _accept(self, reason: str) -> None:
        if not reason or len(reason) > LONGEST_REASON:
            raise CommandError(f"--accept-restore needs a --reason, of {LONGEST_REASON} characters at most")
        try:
            accept_restore(actors.Command(), reason)
        except verification.NothingToAccept as refusal:
            raise CommandError(f"there is no restore to accept: {refusal}") from None
        except AuditUnavailable:
            raise CommandError("the audit trail can't be written, so the restore is not accepted") from None

    def _verify(self) -> None:
        """Raises CommandError that names every chain that is broken."""
        broken = []
        for each, result in verification.verify_all().items():
            if result.broken is None:
                self._tell(each, result)
            else:
                where = f"broken at entry {result.broken}: {result.reason} ({result.count} entries read)"
                broken.append(f"{_name_of(each)}: {where}")
        if broken:
            raise CommandError("\n".join(broken))

    def _tell(self, each: uuid.UUID, result: verification.Verification) -> None:
        name = _name_of(each)
        self.stdout.write(f"{name}: whole: {result.count} entries, each bound to the one before")
        for note in result.notes:
            self.stdout.write(f"{name}: note: {note}")
        now = chain.standing(each)
        if now.newest:
            newest = now.newest
            self.stdout.write(f"{name}: newest checkpoint: entry {newest.seq} at {newest.at}, {now.behind} newer")
        if now.late:
            self.stderr.write(
                f"{name}: warning: there has been no checkpoint for long; does the worker run, is the file writable?"
            )


def _name_of(each: uuid.UUID) -> str:
    if each == INSTALLATION:
        return "installation"
    team = Team.objects.filter(pk=each).first()
    return f"team {team.name}" if team else f"team {each}, which is not in the database"
