"""Start the stack, measure, print a table. Exit code 0 unless something broke; a goal that is missed is said, not failed."""

import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.bench import vault_speed
from tests.bench.measuring import Subject, Times, take_turns
from tests.bench.portal import Portal
from tests.bench.rivals import Bare, Disk, Sdk
from tests.bench.stack import LATENCY_MS, VAULT, Stack

GOAL = 1.20
#: By page: its path, and the goal for pages per second of one process.
PAGES = {"list of secrets": (f"/vaults/{VAULT}/secrets/", 100), "overview": ("/", 60), "inventory": ("/inventory/", 60)}


def main() -> None:
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="kvportal-bench-") as folder, Stack(Path(folder)) as stack:
        portal, bare, sdk = Portal(stack), Bare(stack), Sdk(stack)
        portal.sign_in()
        subjects = subjects_of(portal, bare, sdk)
        commits = take_turns(subjects, Disk(Path(folder)).two_commits)
        print_times(subjects)
        say(f"Two synced commits alone, as each page makes for its record: {in_words(commits)} ms")
        print_tokens(stack)
        print_throughput(portal)
    print_vault_speed()
    say(f"{time.monotonic() - started:.0f} s in all")


def subjects_of(portal: Portal, bare: Bare, sdk: Sdk) -> list[Subject]:
    key, certificate, secret = (bare.a_name(collection) for collection in ("keys", "certificates", "secrets"))
    portal.prepare_reveal(secret)
    return [
        Subject("list of 25 secrets", portal.open_list, lambda: bare.get("secrets"), sdk.first_page),
        Subject(
            "detail of a key",
            lambda: portal.open_item("keys", key),
            lambda: bare.get(f"keys/{key}"),
            lambda: sdk.key_with_versions(key),
        ),
        Subject(
            "detail of a certificate",
            lambda: portal.open_item("certificates", certificate),
            lambda: bare.get(f"certificates/{certificate}"),
            lambda: sdk.certificate_with_versions(certificate),
        ),
        Subject(
            "reveal a secret",
            lambda: portal.reveal(secret),
            lambda: bare.get(f"secrets/{secret}"),
            lambda: sdk.secret(secret),
        ),
    ]


def print_times(subjects: list[Subject]) -> None:
    samples = len(subjects[0].times["page"].taken)
    say(f"Local vault with {LATENCY_MS} ms latency; {samples} samples of each, in turns; ms: min / median / p95\n")
    say(f"{'':24}{'page':>22}{'one bare round trip':>22}{'SDK':>22}{'page/bare':>11}{'page/SDK':>10}  goal")
    for subject in subjects:
        figures = "".join(f"{in_words(subject.times[way]):>22}" for way in ("page", "bare", "sdk"))
        bare = subject.ratio("bare")
        say(f"{subject.name:24}{figures}{bare:>11.2f}{subject.ratio('sdk'):>10.2f}  {verdict(bare, GOAL)}")
    say(
        "\nA key's page makes two calls and a certificate's three, side by side; the SDK makes two, one after the other."
    )


def in_words(times: Times) -> str:
    return " / ".join(f"{1000 * figure:.1f}" for figure in (times.minimum, times.median, times.p95))


def print_throughput(portal: Portal) -> None:
    counted = portal.pages_per_second(*(path for path, _ in PAGES.values()))
    figures = ", ".join(f"{name} {counted[path]:.0f} (goal {goal})" for name, (path, goal) in PAGES.items())
    say(f"Pages per second of one process, 5,000 items known: {figures}")


def print_tokens(stack: Stack) -> None:
    """Connections are told apart by their client id: each of them has its own here."""
    portal = stack.token_requests()
    portal.subtract(stack.worker_tokens)
    for process, asked in (("portal", +portal), ("worker", stack.worker_tokens)):
        say(f"Token requests of the {process}: {tokens_in_words(asked)}")


def tokens_in_words(asked: Counter[str]) -> str:
    most = max(asked.values(), default=0)
    return f"{asked.total()} for {len(asked)} connections, at most {most} for one; {verdict(most, 1)}"


def print_vault_speed() -> None:
    say("\nThe local vault itself, without latency")
    for name, figure, unit, goal in vault_speed.lines():
        say(f"  {name}: {figure:.2f} {unit}; {verdict(figure, goal)}")


def verdict(figure: float, goal: float) -> str:
    return f"<= {goal:g} {'met' if figure <= goal else 'NOT MET'}"


def say(words: str) -> None:
    print(words, flush=True)


if __name__ == "__main__":
    main()
