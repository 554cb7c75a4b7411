"""No response was received, or one that is not Key Vault's."""

from vaults.azure.errors import (
    AzureError,
    BrokenLink,
    HostileLink,
    ListTooLong,
    OnlyNameless,
    TransportError,
    UnreadableCaFile,
)
from vaults.problems.problem import Problem, problem_of

#: By reason.
MEANINGS = {
    "connect": "Nothing responds at the vault's address.",
    "tls": "The host that answers can't prove that it is the vault.",
    "timeout": "The vault did not answer in time.",
    "broken": "The answer broke off in the middle.",
    "busy": "Too many calls to this vault are waiting already.",
    "resting": "It failed several times in a row, so it is left alone for a moment and was not asked.",
}


#: Reasons for not sending a call: the vault's circuit breaker is open, or too many calls are waiting.
HELD_BACK = {"busy", "resting"}


def explain_transport(error: TransportError) -> Problem:
    if isinstance(error, UnreadableCaFile):
        return problem_of(
            error,
            "vault.ca_file",
            "This server can't tell whom to trust, so nothing was sent.",
            "An operator corrects KVPORTAL_CA_FILE, or the cloud's ca_file in the file of clouds.",
            500,
        )
    meaning = MEANINGS[error.reason]
    if error.maybe_done:
        return problem_of(
            error,
            "vault.response_lost",
            f"{meaning} The request may have been carried out all the same.",
            "Look at the item before you try again: a second try could make a second version.",
            504,
        )
    if error.reason in HELD_BACK:
        return problem_of(
            error,
            "vault.keeps_failing" if error.cause else "vault.not_asked",
            meaning,
            "Nothing was changed. Try again in a moment; other vaults are not affected.",
            503,
            cause=_clause(error.cause),
        )
    todo = "Nothing was changed. Try again in a moment; if it stays so, check this server's way to the vault."
    return problem_of(error, "vault.unreachable", meaning, todo, 504)


def _clause(sentence: str) -> str:
    """The sentence in its form after a colon."""
    return sentence[:1].lower() + sentence[1:].removesuffix(".")


def explain_malformed(error: AzureError) -> Problem:
    if isinstance(error, HostileLink):
        return problem_of(
            error,
            "response.hostile_link",
            "A page of the list named a next page outside this list. It was not followed, and no token was sent there.",
            "Tell the operator of the network between this server and Azure: somebody may be changing answers.",
        )
    if isinstance(error, ListTooLong):
        return problem_of(
            error,
            "response.list_too_long",
            f"{error.message} It may hold much, answer slowly, or have no end.",
            "Nothing was changed. Try again later, or look at the vault with az. If it holds far less than is listed, something "
            "between this server and Azure may be changing answers.",
            504,
        )
    if isinstance(error, OnlyNameless):
        return problem_of(
            error,
            "response.only_nameless",
            f"{error.message} Without one nothing can be done with it here.",
            "Look at it in the Azure Portal or with az.",
        )
    if isinstance(error, BrokenLink):
        return problem_of(
            error,
            "response.broken_link",
            f"{error.message} What else the list holds can't be asked for.",
            "Try again in a moment. If it stays so, something between this server and Azure may be changing answers.",
        )
    return problem_of(
        error,
        "response.malformed",
        error.message,
        "A proxy or a sign-in page may stand between this server and Azure. Nothing of the answer was used.",
    )
