"""Deserialising what others may write: a pickle in the database runs code when it is read."""

import ast
import base64
import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.sessions.backends.signed_cookies import SessionStore as SignedCookies
from django.contrib.sessions.models import Session
from django.core import signing
from django.core.management import call_command
from django.db import DataError, IntegrityError, connection, transaction
from django.test import Client
from django_tasks_db.models import DBTaskResult
from pytest_django import Settings

from kvportal import sessions
from kvportal import settings as deployed
from tests.conftest import PASSWORD, World, confirmed, say, signed_in
from tests.databases import is_sqlite
from tests.sources import SOURCES, imports, module_of, within
from vaults.jobs import queue

LOGIN = "/account/login/"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("path", "arguments"),
    [
        ("pathlib.Path.mkdir", ["{trace}"]),
        ("os.system", ["touch {trace}"]),
        ("no.such.module", []),
        ("vaults.jobs.tasks.work_on", ["touch {trace}"]),
        ("vaults.jobs.tasks.work_on", [{"trace": "{trace}"}, 7]),
    ],
)
def test_a_planted_delivery_runs_nothing(path: str, arguments: list[Any], trace: Path) -> None:
    """The queue is a table: whoever writes to the database names tasks there, and their arguments."""
    planted = json.loads(json.dumps(arguments).replace("{trace}", str(trace)))
    DBTaskResult.objects.create(
        args_kwargs={"args": planted, "kwargs": {}}, task_path=path, backend_name="default", queue_name="default"
    )
    with suppress(ImportError):
        queue.take_one()
    assert not trace.exists()
    assert queue.waiting(1) == 0


class Bomb:
    """Makes a folder where it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self._trace = trace

    def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
        return Path.mkdir, (self._trace,)


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    return tmp_path / "it-went-off"


@pytest.fixture
def pickled(trace: Path) -> bytes:
    return pickle.dumps(Bomb(trace))


def test_the_bomb_is_one(pickled: bytes, trace: Path) -> None:
    pickle.loads(pickled)  # noqa: S301 our own
    assert trace.exists()


#: How allauth called its counters for a sign-in from 127.0.0.1, as an earlier version left them behind.
COUNTERS = [
    f":1:allauth:rl:allauth.account:{name}" + lock
    for name in ("login:30/60.0/ip:ip:127.0.0.1", "login_failed:10/60.0/ip:ip:127.0.0.1", "login:30/60/ip:ip:127.0.0.1")
    for lock in ("", ":lock")
]


def test_a_pickle_in_the_table_of_counters(world: World, settings: Settings, pickled: bytes, trace: Path) -> None:
    settings.CACHES = deployed.CACHES
    call_command("createcachetable", "kvportal_cache", verbosity=0)
    Client().post(LOGIN, {"login": world.olga.email, "password": "wrong"})
    text = base64.b64encode(pickled).decode()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE kvportal_cache SET value = %s", [text])
        for counter in COUNTERS:
            cursor.execute("DELETE FROM kvportal_cache WHERE cache_key = %s", [counter])
            cursor.execute("INSERT INTO kvportal_cache VALUES (%s, %s, '2999-01-01')", [counter, text])
    answer = Client().post(LOGIN, {"login": world.olga.email, "password": PASSWORD})
    assert not trace.exists()
    assert answer.status_code == 302


def test_no_shared_cache_is_used_whatever_the_environment_names() -> None:
    """Of an earlier version's variables, too: Django's Redis cache holds pickles as its table does."""
    program = "from tests import settings; print(settings.CACHES['default']['BACKEND'])"
    command = ["env", "KVPORTAL_CACHE_URL=redis://localhost/0", sys.executable, "-c", program]
    found = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert found.strip() == "django.core.cache.backends.dummy.DummyCache"


class AsPickle:
    """A serializer for what is already pickled."""

    def dumps(self, content: bytes) -> bytes:
        return content

    def loads(self, content: bytes) -> Any:
        return pickle.loads(content)  # noqa: S301 our own


def session_rows(pickled: bytes) -> dict[str, str]:
    text = base64.b64encode(pickled).decode()
    return {
        "bare": text,
        "as Django 1.4 wrote it": base64.b64encode(b"0" * 40 + b":" + pickled).decode(),
        "made to look signed": f"{base64.urlsafe_b64encode(pickled).decode().rstrip('=')}:1tXyZ0:{'A' * 43}",
        # By one who has the secret key, even.
        "signed": signing.dumps(pickled, salt="django.contrib.sessions.SessionStore", serializer=AsPickle),
        "signed as ours": signing.dumps(pickled, salt="django.contrib.sessions.backends.db", serializer=AsPickle),
        "signed cookie": signing.dumps(pickled, salt=SignedCookies.__module__, serializer=AsPickle),
    }


@pytest.mark.parametrize("kind", [*session_rows(b""), "signed for its row"])
def test_a_pickle_in_a_session(kind: str, world: World, pickled: bytes, trace: Path) -> None:
    browser = confirmed(signed_in(world.olga))
    salt = f"{sessions.SALT}.{Session.objects.get().session_key}"
    rows = {**session_rows(pickled), "signed for its row": signing.dumps(pickled, salt=salt, serializer=AsPickle)}
    Session.objects.update(session_data=rows[kind])
    assert browser.get("/").status_code == 302
    assert not trace.exists()


def columns_of_text(table: str) -> list[str]:
    with connection.cursor() as cursor:
        described = connection.introspection.get_table_description(cursor, table)
        found = connection.introspection.get_field_type
        return [
            each.name for each in described if found(each.type_code, each) in {"CharField", "TextField", "JSONField"}
        ]


def plant(text: str, table: str, column: str) -> bool:
    """Write it into each row that takes it. False if the column takes none, which only PostgreSQL's do."""
    ignore = "OR IGNORE" if is_sqlite() else ""
    with suppress(DataError, IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f'UPDATE {ignore} {table} SET "{column}" = %s', [text])  # noqa: S608 names of ours
        return True
    return False


@pytest.mark.slow
def test_a_pickle_in_every_column_of_text(world: World, pickled: bytes, trace: Path) -> None:
    """Pages read it as the text that it is, or fail."""
    browser = confirmed(signed_in(world.olga))
    browser.raise_request_exception = False
    text = base64.b64encode(pickled).decode()
    planted = 0
    for table in sorted(model._meta.db_table for model in apps.get_models()):
        with suppress(Undo), transaction.atomic():
            planted += sum(plant(text, table, column) for column in columns_of_text(table))
            for address in ("/", "/inventory/", "/connections/", "/audit/", "/team/"):
                browser.get(address)
            raise Undo
    say(f"columns of text with a pickle in each row: {planted}")
    assert planted > (40 if is_sqlite() else 15)  # PostgreSQL keeps columns to their type and length
    assert not trace.exists()


class Undo(Exception):
    """Leave the block's changes out."""


RUNS_WHAT_IT_READS = ("pickle", "marshal", "shelve", "dill", "jsonpickle", "cloudpickle", "yaml", "dbm")


@pytest.mark.slow
def test_nothing_of_ours_reads_a_format_that_runs() -> None:
    found = [(module_of(path), name) for path in SOURCES for name in imports(path) if within(name, *RUNS_WHAT_IT_READS)]
    evaluating = [
        module_of(path)
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("eval", "exec")
    ]
    say(f"modules read: {len(SOURCES)}, that unpickle or evaluate: {len(found) + len(evaluating)}")
    assert found == []
    assert evaluating == []
