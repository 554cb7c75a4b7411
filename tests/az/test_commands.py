"""Every command of `az keyvault` against the local vault over TLS. Run with `make test-all`, or `pytest -m az`.

A command that a newer az brings fails the last test until a journey runs it or a reason says why none can.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from tests.az import certificates, keys, secrets, vaults
from tests.az.cli import PROGRAM, Az, all_commands, signed_in
from tests.az.tunnel import Tunnel
from tests.emulator.running import Running, free_base, start
from vaults.emulator.serve.home import Home

pytestmark = [
    pytest.mark.az,
    pytest.mark.skipif(not PROGRAM.exists(), reason="az is not installed: make test-all does that"),
]

VAULT = "kv-shop-stage"
HSM = "of Managed HSM, another service"
ENDPOINT = "of private endpoints, which need a virtual network"
NOT_RUN = {
    HSM: (
        *(
            "backup",
            "ekm-connection",
            "key get-attestation",
            "key random",
            "private-endpoint-connection list",
            "region",
        ),
        *("restore", "role", "security-domain", "setting", "update-hsm", "wait-hsm"),
    ),
    ENDPOINT: ("private-endpoint-connection",),
}
GRAPH = "set-policy --spn and --upn, create of a vault with policies without --no-self-perms"
ELSEWHERE = {"azcliprod.blob.core.windows.net"}  # where az looks for a list of its extensions' commands


@dataclass
class Session:
    """The served emulator, az as the administrator of all vaults, and which journeys have been made."""

    running: Running
    tunnel: Tunnel
    az: Az
    made: set[str] = field(default_factory=set)

    def object_id(self) -> str:
        return str(self.running.home.credentials()["principals"]["sp-shop-admin"]["object_id"])

    def client_id(self, name: str) -> str:
        return str(self.running.home.credentials()["principals"][name]["client_id"])


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder = tmp_path_factory.mktemp("az")
    running = start(Home(folder / "emulator", free_base()), settle_seconds=1, certificate_seconds=1)
    tunnel = Tunnel()
    az = signed_in(running, tunnel.address, folder / "admin", "sp-shop-admin")
    yield Session(running, tunnel, az)
    tunnel.close()
    running.stop.set()
    running.thread.join(10)


JOURNEYS: dict[str, Callable[[Session], None]] = {
    "a vault's life": lambda session: vaults.life(session.az),
    "access policies": lambda session: vaults.policies(
        session.az, session.object_id(), session.client_id("sp-shop-deploy")
    ),
    "network": lambda session: vaults.network(session.az, VAULT),
    "secrets": lambda session: secrets.secrets(session.az, VAULT),
    "keys": lambda session: keys.keys(session.az, VAULT),
    "certificates": lambda session: certificates.certificates(session.az, VAULT),
    "signed elsewhere": lambda session: certificates.signed_elsewhere(session.az, VAULT),
    "imports": lambda session: certificates.imports(session.az, VAULT),
    "issuers and contacts": lambda session: certificates.issuers_and_contacts(session.az, VAULT),
}


@pytest.mark.parametrize("name", JOURNEYS)
def test_journey(session: Session, name: str) -> None:
    JOURNEYS[name](session)
    session.made.add(name)


def test_who_may_not_is_told_why(session: Session) -> None:
    folder = session.az.folder.with_name("deploy")
    session.running.emulator.assign_role(
        "Reader", principal="sp-shop-deploy"
    )  # az signs nobody in who sees no subscription
    az = signed_in(session.running, session.tunnel.address, folder, "sp-shop-deploy")
    prod, stage = ("--vault-name", "kv-shop-prod"), ("--vault-name", VAULT)
    assert az("keyvault", "secret", "list", *prod, "--maxresults", "1")
    told = az.refused("keyvault", "secret", "set", *prod, "--name", "one", "--value", "hush")
    assert "does not have secrets set permission on key vault 'kv-shop-prod" in told
    assert "hush" not in told
    assert "ForbiddenByPolicy" in az.refused("keyvault", "key", "list", *stage)
    assert "AuthorizationFailed" in az.refused(
        "keyvault", "update", "--name", "kv-shop-prod", "--enabled-for-deployment", "true"
    )
    az("logout")


def test_every_command_was_run(session: Session, pytestconfig: pytest.Config) -> None:
    if session.made != set(JOURNEYS):
        pytest.skip("not all journeys were made")
    listed = all_commands(session.az)
    [version] = [each for each in listed if each.startswith("az ")]
    commands = {each.removeprefix("keyvault ") for each in listed - {version}}
    done = {each.removeprefix("keyvault ") for each in session.az.done if each.startswith("keyvault ")}
    left = {command: _reason(command) for command in commands - done}
    assert {command for command, reason in left.items() if reason is None} == set()
    assert done <= commands
    figures = [f"{version}: {len(done)} of {len(commands)} commands of `az keyvault` passed"]
    for reason in NOT_RUN:
        names = sorted(command for command, given in left.items() if given == reason)
        figures.append(f"  not run: {len(names)} {reason} ({', '.join(names)})")
    figures.append(f"  with Microsoft Graph only, and so refused by az: {GRAPH}")
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print("", *figures, sep="\n")  # noqa: T201
    assert session.tunnel.refused <= ELSEWHERE


def _reason(command: str) -> str | None:
    """Why a command is not run, None where nothing says so."""
    return next(
        (
            reason
            for reason, names in NOT_RUN.items()
            if any(command == name or command.startswith(f"{name} ") for name in names)
        ),
        None,
    )
