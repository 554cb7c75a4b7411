"""Errors of the token issuer. Source: Microsoft Entra, "authentication and authorization error codes"."""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import uuid4

from vaults.emulator.wire.http import Request, Response, json_response


class SignInError(Exception):
    """An error with its AADSTS number, OAuth error code and HTTP status."""

    def __init__(self, number: int, error: str, message: str, status: int = 400) -> None:
        super().__init__(f"AADSTS{number}")
        self.number = number
        self.error = error
        self.message = message
        self.status = status

    @property
    def text(self) -> str:
        return f"AADSTS{self.number}: {self.message}"


def refusal(error: SignInError, request: Request, now: float) -> Response:
    """The error response of the token endpoint."""
    timestamp = f"{datetime.fromtimestamp(now, UTC):%Y-%m-%d %H:%M:%SZ}"
    trace = str(uuid4())
    correlation = request.headers.get("client-request-id") or str(uuid4())
    body = {
        "error": error.error,
        "error_description": f"{error.text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {timestamp}",
        "error_codes": [error.number],
        "timestamp": timestamp,
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": f"https://{request.host}/error?code={error.number}",
    }
    return json_response(error.status, body, [("Cache-Control", "no-store, no-cache"), ("Pragma", "no-cache")])


def required(form: Mapping[str, str], name: str) -> str:
    """A required member of a request. Raises SignInError."""
    value = form.get(name, "")
    if not value:
        raise SignInError(
            900144, "invalid_request", f"The request body must contain the following parameter: '{name}'."
        )
    return value
