"""The command line: `python -m vaults.emulator <action>`, and `manage.py emulator <action>` over the same code.

Serving the emulator and printing how to reach it are done here; everything else is a verb of `control.verbs`.
"""

import argparse
import logging
import os
import shlex
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vaults.emulator.control import overview, remote
from vaults.emulator.control.context import Context, Verb
from vaults.emulator.control.dispatch import open_control
from vaults.emulator.control.fields import Field, RefusedError, Shape
from vaults.emulator.control.live_verbs import RESET
from vaults.emulator.control.remote import NotServedError
from vaults.emulator.control.verbs import BY_NAME, VERBS, perform
from vaults.emulator.samples.seed import ADMIN_NAME
from vaults.emulator.serve.home import Home, InUseError
from vaults.emulator.serve.server import PortTakenError, serve
from vaults.emulator.state import registry
from vaults.emulator.state.unknown import UnknownNameError

HELP = "The local Key Vault: serve it, say how to reach it, and change what is in it and how it behaves."
ROOT = Path(__file__).resolve().parents[3]
DATA_DIR, PORT = "KVPORTAL_DATA_DIR", "KVPORTAL_EMULATOR_PORT"
CERTIFICATE_SECONDS = "KVPORTAL_EMULATOR_CERTIFICATE_SECONDS"
REFUSALS = (UnknownNameError, PortTakenError, InUseError, NotServedError)

log = logging.getLogger("vaults.emulator")
Write = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Settings:
    """The state folder, the base port, and how many seconds a served emulator needs for a certificate."""

    folder: Path
    port: int
    certificate_seconds: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Run an action from the arguments of the process. Returns the exit code: 1 for an action that is refused."""
    parser = argparse.ArgumentParser("python -m vaults.emulator", description=HELP)
    parser.add_argument("--data-dir", type=Path, help=f"data folder (default: {DATA_DIR}, or var/ of the project)")
    parser.add_argument("--port", type=int, help=f"base port (default: {PORT}, or 8443)")
    add_actions(parser)
    options = vars(parser.parse_args(arguments))
    logging.basicConfig(format="%(message)s")
    try:
        run(options, read_settings(options["data_dir"], options["port"]), _print)
    except RefusedError as refused:
        sys.stderr.write(f"{refused}\n")
        return 1
    return 0


def read_settings(data_dir: Path | None, port: int | None) -> Settings:
    """What the command line leaves open is taken from the environment. Raises RefusedError."""
    folder = data_dir or Path(os.environ.get(DATA_DIR) or ROOT / "var")
    try:
        return Settings(
            folder.absolute() / "emulator",
            port or int(os.environ.get(PORT) or 8443),
            float(os.environ.get(CERTIFICATE_SECONDS) or 8),
        )
    except ValueError as error:
        raise RefusedError(f"{PORT} and {CERTIFICATE_SECONDS} must be numbers: {error}") from None


def add_actions(parser: argparse.ArgumentParser) -> None:
    """Declare all actions with their arguments."""
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


def run(options: Mapping[str, Any], settings: Settings, write: Write) -> None:
    """Run one action. Raises RefusedError for what cannot be done."""
    action = options["action"]
    verb = BY_NAME.get(action)
    try:
        if action == "serve":
            _serve(settings, options["latency_ms"])
            return
        home = Home.as_served(settings.folder, settings.port)
        if verb is None:
            PRINTED[action](home, options, write)
        elif text := _perform(home, verb, options):
            write(text)
    except REFUSALS as error:
        raise RefusedError(str(error)) from error


def _serve(settings: Settings, latency_ms: float) -> None:
    home = Home(settings.folder, settings.port)
    emulator = home.open(certificate_seconds=settings.certificate_seconds)
    emulator.latency_seconds = latency_ms / 1000
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stop.set())
    log.setLevel(logging.INFO)
    serve(emulator, home, stop, open_control)


def _env(home: Home, options: Mapping[str, Any], write: Write) -> None:
    emulator = home.open()
    credentials = home.credentials()["principals"].get(options["principal"])
    if credentials is None:
        raise RefusedError(f"There is no service principal {options['principal']} whose secret is known.")
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
        write(f"export {name}={shlex.quote(value)}")


def _list(home: Home, _options: Mapping[str, Any], write: Write) -> None:
    for section in overview.sections(Context(home.open(), home)):
        write(section.as_text())


def _control(home: Home, _options: Mapping[str, Any], write: Write) -> None:
    ticket = remote.ask(home, "ticket", {})
    write(f"https://localhost:{home.base_port}/control/?ticket={ticket}")


#: Actions that print something and change nothing.
PRINTED: dict[str, Callable[[Home, Mapping[str, Any], Write], None]] = {
    "env": _env,
    "list": _list,
    "control": _control,
}


def _perform(home: Home, verb: Verb, options: Mapping[str, Any]) -> str:
    """The message of a verb: carried out here where it changes what is stored, by the server where it is live."""
    values = {field.name: _value(field, options[field.name]) for field in verb.fields}
    if verb is RESET and not remote.is_served(home):
        home.remove()
        return "Everything is gone; the next start makes it anew."
    if verb.live:
        return remote.ask(home, verb.name, values)
    return perform(Context(home.open(), home), verb, values)


def _value(field: Field, value: Any) -> Any:
    if field.shape is not Shape.FILE:
        return value
    try:
        return Path(value).read_text()
    except (OSError, UnicodeDecodeError):
        raise RefusedError(f"{value} cannot be read.") from None


def _add_argument(parser: argparse.ArgumentParser, field: Field) -> None:
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
        parser.add_argument(field.name, **details)
    else:
        parser.add_argument(f"--{field.name}", dest=field.name, **details)


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
