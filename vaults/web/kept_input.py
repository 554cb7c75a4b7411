"""What a form contained, for the pages that answer it without the form: what it was about, or the right to it, is gone."""

from dataclasses import dataclass

from django.http import HttpRequest

#: Fields that nobody types, and choices that say nothing apart from their form.
UNTYPED = frozenset(
    {
        "csrfmiddlewaretoken", "form_key", "form_team", "next", "opened_on", "team", "through", "value_alphabet", "value_from",
        "value_length", "value_separator", "value_words", "version",
    }
)  # fmt: skip
#: What boxes and switches send.
TICKS = frozenset({"on", "true", "false"})


@dataclass(frozen=True, slots=True)
class Typed:
    """A field of a form, and its text."""

    name: str
    text: str

    @property
    def label(self) -> str:
        return self.name.replace("_", " ").capitalize()

    @property
    def rows(self) -> int:
        return min(self.text.count("\n") + 1, 12)


def typed_in(request: HttpRequest) -> list[Typed]:
    """The fields of the submitted form with a text, without boxes and switches; none for other requests."""
    fields = [(name, texts) for name, texts in request.POST.lists() if comes_back(request, name)]
    return [Typed(name, "\n".join(texts)) for name, texts in fields if any(texts) and not TICKS.issuperset(texts)]


def comes_back(request: HttpRequest, name: str) -> bool:
    """False for fields that no form of the portal fills in again. A secret's value comes back, as it does in its form."""
    sensitive = getattr(request, "sensitive_post_parameters", ())
    is_kept = name == "value" or (name not in sensitive and "password" not in name)
    return name not in UNTYPED and is_kept
