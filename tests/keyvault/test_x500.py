"""Names as text, joined from parts as Key Vault reads them."""

import pytest

from vaults.emulator.dataplane import subjects
from vaults.keyvault import x500

VALUES = [
    "plain", "a, b", "a; b", "a + b", "a = b", "<a>", "#a", 'say "hello"', "a\\", "a\\,b", "C:\\x", "Jürgen Größe", "'", "a\tb",
    "a  b", '"', '""', "日本",
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES)
def test_a_joined_value_is_read_back_as_it_was(value: str) -> None:
    text = x500.join([("CN", value), ("O", value), ("C", "DE")])
    read = {each.rfc4514_attribute_name: each.value for each in subjects.parse(text)}
    assert read == {"CN": value, "O": value, "C": "DE"}


def test_the_parts_keep_their_order() -> None:
    assert x500.join([("CN", "a"), ("O", "Example, Ltd."), ("S", "Texas")]) == 'CN=a, O="Example, Ltd.", S=Texas'
    assert x500.join([]) == ""
