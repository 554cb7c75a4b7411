"""manage.py emulator: the local Key Vault from the command line."""

import logging
import shlex
import signal
import sqlite3
import threading
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from vaults.emulator import Emulator, registry
from vaults.emulator.home import Home, InUseError
from vaults.emulator.seed import ADMIN_NAME
from vaults.emulator.server import PortTakenError, serve


class Command(BaseCommand):
    help = "The local Key Vault: serve it, say how to reach it, and change who may do what in it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        start = actions.add_parser("serve", help="serve it over TLS on loopback until interrupted")
        start.add_argument("--latency-ms", type=float, default=0, help="answer every vault request this much later")
        env = actions.add_parser("env", help="print shell exports that tell a client how to reach it")
        env.add_argument("--vault", help="name of the vault (default: the first)")
        env.add_argument("--principal", default=ADMIN_NAME, help="service principal to sign in as")
        for name, verb in (("grant", "give"), ("revoke", "take")):
            change = actions.add_parser(name, help=f"{verb} permissions by access policy")
            change.add_argument("principal", help="name, client id or object id of the service principal")
            change.add_argument("permissions", nargs="+", metavar="permission", help="for instance secrets/get")
            change.add_argument("--vault", required=True)
        add = actions.add_parser("add-vault", help="create an empty vault; a running server takes it up")
        add.add_argument("vault")
        add.add_argument("--retention-days", type=int, default=90, choices=range(7, 91), metavar="7..90")
        add.add_argument("--purge-protection", action="store_true")
        add.add_argument("--rbac", action="store_true", help="decide by role assignments, not by access policies")
        actions.add_parser("list", help="list vaults, service principals and their permissions")
        actions.add_parser("reset", help="remove all state; the next start makes it anew")

    def handle(self, *_: Any, **options: Any) -> None:
        home = Home(settings.DATA_DIR / "emulator", settings.EMULATOR_PORT)
        action = options["action"].replace("-", "_")
        try:
            getattr(self, f"_{action}")(home, **options)
        except (LookupError, PortTakenError, InUseError) as error:
            raise CommandError(error.args[0]) from error

    def _serve(self, home: Home, **options: Any) -> None:
        emulator = home.open(certificate_seconds=settings.EMULATOR_CERTIFICATE_SECONDS)
        if options["latency_ms"]:
            emulator.latency(options["latency_ms"] / 1000)
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda _number, _frame: stop.set())
        logging.getLogger("vaults.emulator").setLevel(logging.INFO)
        serve(emulator, home, stop)

    def _env(self, home: Home, **options: Any) -> None:
        emulator = self._open(home)
        credentials = home.credentials()
        principal = credentials["principals"].get(options["principal"])
        if principal is None:
            raise CommandError(f"There is no service principal {options['principal']} whose secret is known.")
        with emulator.store.reading() as db:
            first = registry.all_vaults(db)[0].name
        exports = {
            "VAULT_URL": emulator.vault_url(options["vault"] or first),
            "AUTHORITY": f"https://localhost:{home.base_port}",
            "TENANT_ID": credentials["tenant_id"],
            "CLIENT_ID": principal["client_id"],
            "CLIENT_SECRET": principal["client_secret"],
            "CA_FILE": str(home.ca_file.resolve()),
        }
        for name, value in exports.items():
            self.stdout.write(f"export {name}={shlex.quote(value)}")

    def _grant(self, home: Home, **options: Any) -> None:
        self._open(home).grant(*options["permissions"], principal=options["principal"], vault=options["vault"])

    def _revoke(self, home: Home, **options: Any) -> None:
        self._open(home).deny(*options["permissions"], principal=options["principal"], vault=options["vault"])

    def _add_vault(self, home: Home, **options: Any) -> None:
        emulator = self._open(home)
        credentials = home.credentials()
        try:
            emulator.add_vault(
                options["vault"],
                tenant=credentials["tenant_id"],
                subscription=credentials["subscription_id"],
                retention_days=options["retention_days"],
                purge_protection=options["purge_protection"],
                enable_rbac=options["rbac"],
            )
        except sqlite3.IntegrityError:
            raise CommandError(f"There is a vault {options['vault']} already.") from None
        home.assign_ports(emulator)
        home.write_clouds(emulator)
        self.stdout.write(emulator.vault_url(options["vault"]))

    def _list(self, home: Home, **_: Any) -> None:
        emulator = self._open(home)
        with emulator.store.reading() as db:
            names = {row["object_id"]: row["name"] for row in db.execute("SELECT object_id, name FROM principal")}
            for vault in registry.all_vaults(db):
                self.stdout.write(f"{vault.name}  {emulator.vault_url(vault.name)}")
                for object_id, permissions in registry.access_policies(db, vault).items():
                    self.stdout.write(f"  {names.get(object_id, object_id)}")
                    for collection, granted in permissions.items():
                        self.stdout.write(f"    {collection}: {', '.join(granted)}")

    def _reset(self, home: Home, **_: Any) -> None:
        home.remove()

    def _open(self, home: Home) -> Emulator:
        return home.open()
