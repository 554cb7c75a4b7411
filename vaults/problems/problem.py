"""The data that a page shows about a refusal or a failure."""

import math
from dataclasses import dataclass, field

from django.utils import timezone

from vaults.azure.errors import AzureError, ServiceError
from vaults.problems.titles import Facts, title_of

#: Codes of refusals that another service principal may not meet. So are all problems of signing in.
OF_PRINCIPAL = {
    "portal.seal_broken",
    "refused.deny_assignment",
    "refused.missing_permission",
    "refused.on_behalf_of",
    "refused.other",
    "service.token_refused",
}


@dataclass(slots=True)
class Problem:
    """A refusal or failure, as a page shows it. `code` and `facts` identify it in storage: see `titles`.

    `status`: the HTTP status of the response. `retry_after`: seconds until a retry makes sense, if known. `about`: the
    object's name, if several problems are shown together.
    """

    code: str
    meaning: str
    todo: list[str] = field(default_factory=list)
    command: str = ""
    details: list[tuple[str, str]] = field(default_factory=list)
    status: int = 502
    permission: str = ""
    retry_after: float | None = None
    facts: Facts = field(default_factory=dict)
    about: str = ""

    @property
    def is_of_principal(self) -> bool:
        """True if Azure refused this service principal, so that another connection may succeed."""
        return self.code in OF_PRINCIPAL or self.code.startswith("sign_in.")

    @property
    def title(self) -> str:
        title = title_of(self.code, self.facts)
        return f"{self.about}: {title}" if self.about else title


def problem_of(error: AzureError, code: str, meaning: str, todo: str, status: int = 502, **facts: str) -> Problem:
    """A problem with one thing to do, and the facts of the error as details."""
    return Problem(code, meaning, [todo], details=details_of(error), status=status, facts=facts)


def details_of(error: AzureError) -> list[tuple[str, str]]:
    """Codes, request id and time, as Azure's support asks for them. Missing ones are left out."""
    found = [
        ("Status", str(error.status or "")),
        ("Code", error.code),
        ("Inner code", error.inner_code),
        ("Azure's request ID", error.request_id),
        *_words_in(error),
        ("Time", timezone.now().strftime("%Y-%m-%d %H:%M:%S UTC")),
    ]
    return [(label, text) for label, text in found if text]


def _words_in(error: AzureError) -> list[tuple[str, str]]:
    """The response's message. Without a code, it may come from a gateway instead of Azure."""
    if not isinstance(error, ServiceError):
        return []
    return [("Azure's words" if error.code else "Words of the answer", error.words)]


def wait(seconds: float) -> str:
    """A waiting time in seconds, minutes or hours."""
    minutes = math.ceil(seconds / 60)
    if seconds < 120:
        return f"{math.ceil(seconds)} s"
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min".removesuffix(" 0 min")
