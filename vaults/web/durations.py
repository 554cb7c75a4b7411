"""Durations in Key Vault's format (ISO 8601, such as P90D), in words."""

from vaults.keyvault.durations import FORMAT

UNITS = ("year", "month", "week", "day", "hour", "minute", "second")


def duration_words(text: str) -> str:
    """ "90 days", "1 year 2 months"; the text itself if it is not a duration."""
    found = FORMAT.fullmatch(text)
    if found is None:
        return text
    counts = [(int(count), unit) for count, unit in zip(found.groups(), UNITS, strict=True) if count]
    shown = [each for each in counts if each[0]] or counts[-1:]
    return " ".join(f"{count} {unit}{'' if count == 1 else 's'}" for count, unit in shown)
