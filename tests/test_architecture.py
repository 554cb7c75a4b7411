"""The rooms and who may enter which: read from the import statements. What the docs promise, held against the code."""

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.sources import ROOT, SOURCES, imports, module_of, tree_of, within
from vaults.permissions import LABELS, ROLE_ACTIONS, ROLE_SENTENCES, Action, Role, smallest_role


def strangers(room: str, *forbidden: str) -> list[str]:
    """Imports of a room that lead where it may not go."""
    return [
        f"{module_of(path)} imports {name}"
        for path in SOURCES
        if within(module_of(path), room)
        for name in imports(path)
        if within(name, *forbidden)
    ]


def test_actions_know_nothing_of_requests_and_responses() -> None:
    """That rooms import each other one way only is held by import-linter, whose contracts stand in pyproject.toml."""
    assert strangers("vaults.actions", "django.http", "django.shortcuts") == []


#: What of the clients may be known outside actions: nouns and errors, never what sends.
NOUNS = tuple(f"vaults.azure.{name}" for name in ("errors", "clouds", "pasted", "parallel", "time_limit")) + tuple(
    f"vaults.keyvault.{name}"
    for name in (
        "types",
        "x500",
        "x509",
        "x500",
        "certificate_export",
        "age_files",
        "backup_blobs",
        "ca_reply",
        "chains",
        "identifiers",
        "references",
        "probes",
        "session.Exchange",
        "paging",
        "parts",
        "refusals",
        "durations",
        "rotation",
        "since",
        "operations",
        "paths",
        "request_samples",
        "algorithms",
        "aes",
    )
)
CALLERS = (
    "vaults.actions",
    "vaults.acts",
    "vaults.inventory",
    "vaults.azure",
    "vaults.keyvault",
    "vaults.clients",
    "vaults.kinds",
)


def test_only_actions_call_a_client() -> None:
    callers = [
        f"{module_of(path)} imports {name}"
        for path in SOURCES
        if not within(module_of(path), *CALLERS)
        for name in imports(path)
        if within(name, "vaults.keyvault", "vaults.azure")
        and not within(name, *NOUNS, "vaults.keyvault.session", "vaults.azure.limits")
        and name not in ("vaults.keyvault", "vaults.azure")
    ]
    assert callers == []
    senders = {"for_vault", "client_with", "token_source", "shared_token_source", "VaultClient", "VaultSession"}
    assert [
        f"{module_of(path)}: {used}"
        for path in SOURCES
        if not within(module_of(path), *CALLERS)
        for used in sorted(names_used(path) & senders)
    ] == []


@cache
def names_used(path: Path) -> set[str]:
    nodes = list(ast.walk(tree_of(path)))
    return {node.attr for node in nodes if isinstance(node, ast.Attribute)} | {
        node.id for node in nodes if isinstance(node, ast.Name)
    }


def test_pages_see_only_what_is_visible_to_the_actor() -> None:
    """No view, and nothing that views share, asks a model's manager: `access.visible_to` gives the querysets."""
    managers = {"objects", "_default_manager", "_base_manager"}
    asked = {
        f"{module_of(path)}: {name}"
        for path in SOURCES
        if within(module_of(path), "vaults.views", "vaults.web", "vaults.templatetags")
        for name in names_used(path) & managers
    }
    # The notes of sent forms: rows of the form's own sender, shown to nobody.
    assert asked == {"vaults.web.submissions: objects"}


def users_of(*names: str) -> set[str]:
    """Modules of the portal that use one of these names."""
    return {
        module_of(path)
        for path in SOURCES
        if names_used(path) & set(names) and not within(module_of(path), "vaults.emulator")
    }


def test_one_seam_decides_and_records() -> None:
    """Acts are decided and recorded in `acts`; besides it a right is only asked for by what draws or guards a page."""
    recorders = {
        module_of(path)
        for path in SOURCES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("recording.recording", "recording")
    }
    assert recorders == {"vaults.acts"}
    assert users_of("require") == {"vaults.access", "vaults.acts", "vaults.views.audit"}
    assert users_of("writing") == {
        "vaults.acts",
        "vaults.actions.authorities",
        "vaults.actions.connections",
        "vaults.actions.jobs",
        "vaults.actions.scans",
        "vaults.actions.teams",
        "vaults.actions.vaults",
    }
    assert {module for module in users_of("decide") if within(module, "vaults.actions")} <= {
        # A revealed, exported or backed-up value is decided on once more before it is handed out.
        "vaults.actions.backups",
        "vaults.actions.certificate_export",
        "vaults.actions.key_operations",
        "vaults.actions.secrets",
    }


NETWORK = ("requests", "urllib3", "urllib.request", "http.client", "socket", "httpx", "aiohttp", "smtplib", "ftplib")
#: Who may know of the network at all, and what for.
KNOWS_THE_NETWORK = {
    "vaults.azure.transport": "the one sender",
    "vaults.azure.deadline": "its adapter",
    "vaults.azure.sign_in": "the type of a signer, and of msal's errors",
    "vaults.azure.clouds": "the type of a session",
    "kvportal.launch": "does the port answer?",
}


def test_one_module_sends() -> None:
    know = {module_of(path) for path in SOURCES for name in imports(path) if within(name, *NETWORK)}
    know = {module for module in know if not within(module, "vaults.emulator")}  # the other end
    assert know <= set(KNOWS_THE_NETWORK)
    sends = {"request", "send", "urlopen"}
    found = set()
    for path in SOURCES:
        if module_of(path) not in know or within(module_of(path), "kvportal"):
            continue
        calls = [node.func for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call)]
        if any(isinstance(call, ast.Attribute) and call.attr in sends for call in calls):
            found.add(module_of(path))
    assert found <= {"vaults.azure.transport", "vaults.azure.deadline"}


def test_no_act_inside_a_transaction_of_the_request() -> None:
    from django.conf import settings

    assert not settings.DATABASES["default"].get("ATOMIC_REQUESTS")


def test_every_action_has_a_role_a_label_and_a_function() -> None:
    assert set(LABELS) == set(Action)
    assert set(ROLE_ACTIONS) == set(ROLE_SENTENCES) == set(Role)
    assert set().union(*ROLE_ACTIONS.values()) == set(Action)
    assert {smallest_role(action) for action in Action} <= set(Role)
    recorded = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES if "permissions" not in path.name)
    assert [action for action in Action if f"Action.{action.name}" not in recorded] == []


def test_what_the_roles_promise() -> None:
    viewer, reader, writer, manager, owner = (ROLE_ACTIONS[role] for role in Role)
    assert Action.SECRET_REVEAL not in viewer | writer
    assert Action.KEY_DECRYPT in reader - viewer - writer
    assert Action.KEY_SIGN in writer - reader
    assert Action.KEY_RELEASE in manager - reader - writer
    assert viewer < reader < manager < owner
    assert viewer < writer < manager
    assert not {action for action in manager if action.startswith(("connection.", "member.", "vault."))} - {
        Action.CONNECTION_READ,
        Action.VAULT_SCAN,
    }


@pytest.mark.django_db
def test_models_have_their_migrations() -> None:
    call_command("makemigrations", check=True, dry_run=True, stdout=StringIO())


def test_every_environment_variable_stands_in_the_readme() -> None:
    settings = tree_of(ROOT / "kvportal" / "settings.py")
    read = {
        f"KVPORTAL_{node.args[0].value!s}"
        for node in ast.walk(settings)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "env"
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }
    launched = re.findall(
        r'(?:environ\.(?:get|setdefault)|number_in)\("(KVPORTAL_\w+)"', (ROOT / "kvportal" / "launch.py").read_text()
    )
    table = re.findall(r"^\| `(KVPORTAL_\w+)`", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(table) == len(set(table))
    assert set(table) == read | set(launched)


def test_the_lock_satisfies_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [Requirement(line) for line in project["project"]["dependencies"]]
    for extra in project["project"].get("optional-dependencies", {}).values():
        wanted += [Requirement(line) for line in extra]
    develop = [Requirement(line) for line in project["dependency-groups"]["dev"]]
    assert unmet(wanted, "requirements.txt") == []
    assert unmet(wanted + develop, "requirements-dev.txt") == []


def unmet(wanted: list[Requirement], lock: str) -> list[str]:
    text = (ROOT / lock).read_text()
    pinned = {
        canonicalize_name(name): version for name, version in re.findall(r"^([\w.-]+)==([^\s;\\]+)", text, re.MULTILINE)
    }
    assert text.count("--hash=sha256:") >= len(pinned)
    return [str(need) for need in wanted if not need.specifier.contains(pinned.get(canonicalize_name(need.name), "0"))]


TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


def test_no_template_holds_inline_code_or_unescaped_data() -> None:
    bad = re.compile(
        r"<script(?![^>]*\ssrc=)[^>]*>|<style|\sstyle=|\son[a-z]+=|javascript:"
        r"|\|\s*safe(seq)?\b|autoescape off|hx-on|hx-vals=.js",
        re.IGNORECASE,
    )
    found = [f"{path.name}: {hit[0]}" for path in TEMPLATES for hit in bad.finditer(path.read_text(encoding="utf-8"))]
    assert found == []


def test_no_template_asks_another_host() -> None:
    elsewhere = re.compile(r"""(?:src|href|action)=["'](?:https?:)?//""", re.IGNORECASE)
    assert [path.name for path in TEMPLATES if elsewhere.search(path.read_text(encoding="utf-8"))] == []


def test_markup_is_only_made_where_it_is_drawn() -> None:
    """mark_safe stands in the template tags alone, and there on what was escaped or is our own."""
    users = {module_of(path) for path in SOURCES if "mark_safe" in names_used(path)}
    assert {user for user in users if not within(user, "vaults.templatetags")} == set()


def test_our_own_code_is_never_patched() -> None:
    patching = re.compile(r"\bmonkeypatch\.setattr|\bmock\.|unittest\.mock|mocker\b|(?<!\.)(?<!def )\bpatch\(")
    tests = [path for path in (ROOT / "tests").rglob("*.py") if path.name != Path(__file__).name]
    assert [path.name for path in tests if patching.search(path.read_text(encoding="utf-8"))] == []


# Where Playwright takes JavaScript: the name of the method, and the position of the script among its arguments.
TAKES_A_SCRIPT = {
    "evaluate": 0,
    "evaluate_all": 0,
    "evaluate_handle": 0,
    "wait_for_function": 0,
    "eval_on_selector": 1,
    "eval_on_selector_all": 1,
}
A_FUNCTION = re.compile(r"\s*(async\s*)?(function\b|\([^()]*\)\s*=>|\w+\s*=>)")


def scripts_for_eval(source: str) -> Iterator[str]:
    """Calls that hand a browser an expression: it goes through eval, which our content policy forbids from the second look on.

    A script that does not stand literally in its call can't be judged by reading, so it is named too.
    """
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        named = {keyword.arg: keyword.value for keyword in node.keywords}
        if node.func.attr == "add_script_tag" and "content" in named:
            yield f"line {node.lineno}: add_script_tag"
        if (position := TAKES_A_SCRIPT.get(node.func.attr)) is None:
            continue
        script = named.get("expression") or (node.args[position] if len(node.args) > position else None)
        start = script.values[0] if isinstance(script, ast.JoinedStr) and script.values else script
        if not (isinstance(start, ast.Constant) and isinstance(start.value, str) and A_FUNCTION.match(start.value)):
            yield f"line {node.lineno}: {node.func.attr}"


def test_a_browser_is_handed_functions_and_never_text_to_evaluate() -> None:
    tests = sorted((ROOT / "tests").rglob("*.py"))
    found = [f"{path.name} {call}" for path in tests for call in scripts_for_eval(path.read_text(encoding="utf-8"))]
    assert found == []


@pytest.mark.parametrize(
    ("call", "wrong"),
    [
        ("page.wait_for_function('copied.length === 2')", True),
        ("page.wait_for_function(expression='ready')", True),
        ("page.wait_for_function(f'{name}.ready')", True),
        ("page.wait_for_function(SCRIPT)", True),
        ("page.locator('p').evaluate_all('(items.length)')", True),
        ("page.eval_on_selector('p', 'this.title')", True),
        ("page.add_script_tag(content='1')", True),
        ("page.wait_for_function('() => copied.length === 2')", False),
        ("page.wait_for_function('(wanted) => copied.length === wanted', arg=2)", False),
        ("page.locator('p').evaluate('item => item.title')", False),
        ("page.evaluate(f'async () => fetch({where!r})')", False),
        ("page.evaluate('function () { return 1; }')", False),
        ("page.add_script_tag(url='/static/x.js')", False),
    ],
)
def test_text_to_evaluate_is_told_from_a_function(call: str, wrong: bool) -> None:
    assert bool(list(scripts_for_eval(call))) is wrong


def test_nothing_at_the_top_but_what_is_meant_to_be() -> None:
    rooms = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}
    assert rooms - {"var", "__pycache__"} <= {"kvportal", "vaults", "templates", "static", "tests", "docs"}
