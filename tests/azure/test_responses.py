"""Errors in responses: what was sent must not be in them."""

import json

import pytest

from vaults.azure.errors import ServiceError
from vaults.azure.responses import service_error
from vaults.azure.transport import Response

WORDS = "Caller is not authorized: it does not have secrets set permission on key vault 'kv-shop-prod'."


def error_for(sent: str, words: str) -> ServiceError:
    content = json.dumps({"error": {"code": "Forbidden", "message": words}}).encode()
    return service_error(Response(403, {}, content), absent=(), hidden=[sent])


@pytest.mark.parametrize("sent", ["v", "as", "ave", ""])
def test_a_short_value_does_not_hide_every_message(sent: str) -> None:
    assert error_for(sent, WORDS).words == WORDS


@pytest.mark.parametrize("sent", ["v", "ab1", "hunter2", "ü"])
@pytest.mark.parametrize("words", ["The value {} is not allowed.", "Bad value '{}'", "{}", "value={}"])
def test_a_message_that_repeats_what_was_sent_is_dropped(sent: str, words: str) -> None:
    error = error_for(sent, words.format(sent))
    assert (error.words, error.code) == ("", "")


def test_a_long_value_is_found_within_a_word() -> None:
    assert error_for("hunter2", "valuehunter2end").words == ""


PEM = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\nAQEFAASCBKcwggSjAgEAAoIB\n-----END PRIVATE KEY-----\n"


@pytest.mark.parametrize(
    "quoted", [PEM, PEM.replace("\n", " "), "MIIEvQIBADANBgkqhkiG9w0B", "AQEFAASCBKcwggSjAgEAAoIB"]
)
def test_a_value_of_several_lines_is_found_whole_and_by_the_line(quoted: str) -> None:
    assert error_for(PEM, f"The value {quoted} is not allowed.").words == ""


def test_the_marks_of_pem_are_no_secret() -> None:
    words = "The content has no -----BEGIN CERTIFICATE----- after -----END PRIVATE KEY-----."
    assert error_for(PEM, words).words == words
