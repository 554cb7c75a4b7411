"""manage.py emulator: the local Key Vault from the command line.

Serving it and saying how to reach it is done here; everything else is a verb of `vaults.emulator.control`.
"""

import logging
import shlex
import signal
import threading
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from vaults.emulator.control import overview, remote
from vaults.emulator.control.fields import Field, RefusedError, Shape
from vaults.emulator.control.live_verbs import RESET
from vaults.emulator.control.remote import NotServedError
from vaults.emulator.control.verb import Desk, Verb
from vaults.emulator.control.verbs import VERBS, find_verb, perform
from vaults.emulator.samples.seed import ADMIN_NAME
from vaults.emulator.serve.home import Home, InUseError
from vaults.emulator.serve.server import PortTakenError, serve
from vaults.emulator.state import registry

REFUSALS = (LookupError, PortTakenError, InUseError, RefusedError, NotServedError)


class Command(BaseCommand):
    help = "The local Key Vault: serve it, say how to reach it, and change what is in it and how it behaves."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        start = actions.add_parser("serve", help="serve it over TLS on loopback until interrupted")
        start.add_argument("--latency-ms", type=float, default=0, help="answer every vault request this much later")
        env = actions.add_parser("env", help="print shell exports that tell a client how to reach it")
        env.add_argument("--vault", help="name of the vault (default: the first)")
        env.add_argument("--principal", default=ADMIN_NAME, help="service principal to sign in as")
        actions.add_parser("list", help="list tenants, service principals, people, vaults and permissions")
        actions.add_parser("control", help="print the address of the control page, good once and for a minute")
        for verb in VERBS:
            subparser = actions.add_parser(verb.name, help=verb.help, description=f"{verb.help}.")
            for field in verb.fields:
                _add_argument(subparser, field)

    def handle(self, *_: Any, **options: Any) -> None:
        folder, port = settings.DATA_DIR / "emulator", settings.EMULATOR_PORT
        home = Home(folder, port) if options["action"] == "serve" else Home.as_served(folder, port)
        verb = find_verb(options["action"])
        try:
            if verb is not None:
                self._say(_performed(home, verb, options))
            else:
                getattr(self, f"_{options['action']}")(home, **options)
        except REFUSALS as error:
            raise CommandError(error.args[0]) from error

    def _serve(self, home: Home, **options: Any) -> None:
        emulator = home.open(certificate_seconds=settings.EMULATOR_CERTIFICATE_SECONDS)
        emulator.distance = options["latency_ms"] / 1000
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda _number, _frame: stop.set())
        logging.getLogger("vaults.emulator").setLevel(logging.INFO)
        serve(emulator, home, stop)

    def _env(self, home: Home, **options: Any) -> None:
        emulator = home.open()
        credentials = home.credentials()["principals"].get(options["principal"])
        if credentials is None:
            raise CommandError(f"There is no service principal {options['principal']} whose secret is known.")
        with emulator.store.reading() as db:
            first = next(iter(registry.all_vaults(db)), None)
        exports = {
            "VAULT_URL": emulator.vault_url(options["vault"] or (first.name if first else "")),
            "AUTHORITY": f"https://localhost:{home.base_port}",
            "TENANT_ID": emulator.principal(credentials["client_id"]).tenant,
            "CLIENT_ID": credentials["client_id"],
            "CLIENT_SECRET": credentials["client_secret"],
            "CA_FILE": str(home.ca_file.resolve()),
        }
        for name, value in exports.items():
            self.stdout.write(f"export {name}={shlex.quote(value)}")

    def _list(self, home: Home, **_: Any) -> None:
        for section in overview.sections(Desk(home.open(), home)):
            self.stdout.write(section.as_text())

    def _control(self, home: Home, **_: Any) -> None:
        ticket = remote.ask(home, "ticket", {})
        self.stdout.write(f"https://localhost:{home.base_port}/control/?ticket={ticket}")

    def _say(self, text: str) -> None:
        if text:
            self.stdout.write(text)


def _performed(home: Home, verb: Verb, options: dict[str, Any]) -> str:
    """What there is to say of a verb: done here where it is about what is stored, by the server where it is live."""
    given = {field.name: _given(field, options[_dest(field)]) for field in verb.fields}
    if verb is RESET and not remote.is_served(home):
        home.remove()
        return "Everything is gone; the next start makes it anew."
    if verb.live:
        return remote.ask(home, verb.name, given)
    return perform(Desk(home.open(), home), verb, given)


def _given(field: Field, value: Any) -> Any:
    if field.shape is not Shape.FILE:
        return value
    try:
        return Path(value).read_text()
    except (OSError, UnicodeDecodeError):
        raise CommandError(f"{value} cannot be read.") from None


def _add_argument(parser: ArgumentParser, field: Field) -> None:
    """A required field is positional, a switch takes no value; what a value may be is left to the field."""
    details: dict[str, Any] = {"help": field.help}
    if field.shape is Shape.SWITCH:
        details["action"] = "store_true"
    elif field.choices:
        details["choices"] = field.choices
    elif not field.required:
        details["metavar"] = field.name.upper()
    if field.shape is Shape.WORDS:
        details["nargs"] = "+"
    if field.required:
        details["metavar"] = field.name if field.shape is not Shape.FILE else f"{field.name}-file"
        parser.add_argument(_dest(field), **details)
    else:
        parser.add_argument(f"--{field.name}", dest=_dest(field), **details)


def _dest(field: Field) -> str:
    """Apart from what Django itself puts among the options."""
    return f"field_{field.name}"
