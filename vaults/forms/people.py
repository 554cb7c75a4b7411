"""People in a text area, one a line, with their parts separated by commas."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

Person = TypeVar("Person")
LONGEST = 200_000
"""Most characters of the whole text."""


class PeopleField(forms.CharField, Generic[Person]):
    """A tuple of people. `parts`: what a line says, in this order; `make`: the person of these texts."""

    def __init__(
        self, *, parts: Sequence[str], make: Callable[..., Person], needed: str, most: int, **kwargs: Any
    ) -> None:
        super().__init__(
            max_length=LONGEST,
            strip=False,
            widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
            **kwargs,
        )
        self.parts, self.make, self.needed, self.most = parts, make, needed, most

    def clean(self, value: Any) -> Any:
        lines = super().clean(value).splitlines()
        people = tuple(self._person(number, line) for number, line in enumerate(lines, 1) if line.strip())
        if len(people) > self.most:
            raise ValidationError(f"At most {self.most} fit here; these are {len(people)}.")
        return people

    def _person(self, number: int, line: str) -> Person:
        texts = [text.strip() for text in line.split(",")]
        if len(texts) > len(self.parts):
            raise ValidationError(f"Line {number} has {len(texts)} parts, but the order is: {', '.join(self.parts)}.")
        found = dict(zip(self.parts, texts, strict=False))
        if not found.get(self.needed):
            raise ValidationError(f"Line {number} has no {self.needed}. The order is: {', '.join(self.parts)}.")
        email = found.get("e-mail")
        if email:
            try:
                validate_email(email)
            except ValidationError:
                raise ValidationError(f"Line {number}: “{email[:80]}” is no e-mail address.") from None
        return self.make(*texts)


def lines_of(people: Iterable[Sequence[str]]) -> str:
    """The text of the field; trailing empty parts are left out."""
    return "\n".join(", ".join(texts).rstrip(", ") for texts in people)
