"""manage.py verify_audit: check every entry of the audit chain, and compare the chain with its checkpoints."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from vaults import actors, setup
from vaults.actions.verification import accept_restore
from vaults.audit import chain, recording, verification

LONGEST_REASON = 300


class Command(BaseCommand):
    help = "Verify the audit chain; exits with 1 where an entry was changed, removed or added."

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
            accept_restore(actors.Command(), setup.first_team(), reason)
        except verification.NothingToAccept as refusal:
            raise CommandError(f"there is no restore to accept: {refusal}") from None
        except recording.AuditUnavailable:
            raise CommandError("the audit trail can't be written, so the restore is not accepted") from None

    def _verify(self) -> None:
        result = verification.verify()
        if result.broken is not None:
            raise CommandError(f"broken at entry {result.broken}: {result.reason} ({result.count} entries read)")
        self.stdout.write(f"whole: {result.count} entries, each bound to the one before")
        for note in result.notes:
            self.stdout.write(f"note: {note}")
        now = chain.standing()
        if now.newest:
            self.stdout.write(f"newest checkpoint: entry {now.newest.seq} at {now.newest.at}, {now.behind} newer")
        if now.late:
            self.stderr.write(
                "warning: there has been no checkpoint for long; does the worker run, is the file writable?"
            )
