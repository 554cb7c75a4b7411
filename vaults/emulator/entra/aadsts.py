"""What the token issuer says when it refuses. Microsoft Entra: "authentication and authorization error codes"."""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import uuid4

from vaults.emulator.wire.http import Request, Response, json_response


class SignInError(Exception):
    """A refusal with its AADSTS number, OAuth error word and HTTP status."""

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
    """The answer of the token endpoint."""
    stamp = f"{datetime.fromtimestamp(now, UTC):%Y-%m-%d %H:%M:%SZ}"
    trace = str(uuid4())
    correlation = request.headers.get("client-request-id") or str(uuid4())
    body = {
        "error": error.error,
        "error_description": f"{error.text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp}",
        "error_codes": [error.number],
        "timestamp": stamp,
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": f"https://{request.host}/error?code={error.number}",
    }
    return json_response(error.status, body, [("Cache-Control", "no-store, no-cache"), ("Pragma", "no-cache")])


def required(form: Mapping[str, str], name: str) -> str:
    """A member of a request that has to be there."""
    value = form.get(name, "")
    if not value:
        raise SignInError(
            900144, "invalid_request", f"The request body must contain the following parameter: '{name}'."
        )
    return value
