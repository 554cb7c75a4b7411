"""Logging: one JSON line for each event, on stdout, with the request's id. No query strings, no bodies, no values."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

SHARED: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def drop_locals(_logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keep only the type and location of an exception: its text and its frames' variables may hold a vault's response."""
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()
    if isinstance(error, tuple) and error[0]:
        traceback = error[2]
        frames = []
        while traceback:
            code = traceback.tb_frame.f_code
            frames.append(f"{code.co_filename}:{traceback.tb_lineno} {code.co_name}")
            traceback = traceback.tb_next
        event["error"] = error[0].__name__
        event["frames"] = frames[-12:]
    return event


def drop_path(_logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Remove the path from Django's own lines about a refused request: it may be a one-time link. Our line has the route."""
    if str(event.get("logger")).startswith(("django.request", "django.security")):
        event["event"] = str(event["event"]).partition(":")[0]
    return event


def configure(options: dict[str, str]) -> None:
    structlog.configure(
        processors=[*SHARED, drop_locals, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*SHARED, drop_locals, drop_path],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(),
        ],
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(options["level"])
    for noisy in ("urllib3", "msal", "django.server", "django_tasks", "django_tasks_db"):
        logging.getLogger(noisy).setLevel("WARNING")
