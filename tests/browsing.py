"""What a browser does with a page: read its forms, fill one in, send it.

Why not WebTest: its forms (3.0.7) also send what is disabled, keep a NUL as it is, and send line ends as they stand in the
page: those within a field of one line too, and those of a text area not as CRLF. A browser does none of this, and what a form
does to a value that nobody touched is what many tests are about. Its parser, BeautifulSoup, takes five times as long.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from django.http import HttpResponse
from django.test import Client

#: What a browser makes of a NUL, wherever it stands.
NO_NUL = "\ufffd"
#: Fields of one line: a browser drops line ends.
ONE_LINE = ("text", "search", "url", "email", "tel", "password")
Typed = str | Iterable[str] | Any


@dataclass
class Form:
    """One form of a page. `fields` holds what would be sent if nothing were typed, name by name."""

    action: str
    method: str
    fields: dict[str, list[str]] = field(default_factory=dict)


class _Reader(HTMLParser):
    """Collects forms as the HTML standard builds their entry list."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._area: str | None = None
        self._select: str | None = None
        self._text = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = {name: (value or "").replace("\0", NO_NUL) for name, value in attributes}
        if tag == "form":
            self.forms.append(Form(found.get("action", ""), found.get("method", "get").lower()))
        elif not self.forms or "disabled" in found or "form" in found:  # `form`: it belongs to another one
            return
        elif tag == "input" and found.get("name"):
            self._input(found)
        elif tag == "textarea":
            self._area, self._text = found.get("name"), ""
        elif tag == "select":
            self._select = found.get("name")
        elif tag == "option" and self._select:
            chosen = self.forms[-1].fields.setdefault(self._select, [found.get("value", "")])
            if "selected" in found:
                chosen[:] = [found.get("value", "")]

    def _input(self, found: dict[str, str]) -> None:
        kind = found.get("type", "text")
        if kind in ("submit", "button", "file") or (kind in ("checkbox", "radio") and "checked" not in found):
            return
        default = "on" if kind in ("checkbox", "radio") else ""
        value = found.get("value", default)
        if kind in ONE_LINE:
            value = value.replace("\r", "").replace("\n", "")
        self.forms[-1].fields.setdefault(found["name"], []).append(value)

    def handle_data(self, data: str) -> None:
        self._text += data.replace("\0", NO_NUL)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._area:
            text = self._text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\n")
            self.forms[-1].fields.setdefault(self._area, []).append(text.replace("\n", "\r\n"))
            self._area = None
        elif tag == "select":
            self._select = None


def forms_of(page: Any) -> list[Form]:
    reader = _Reader()
    reader.feed(page.content.decode())
    return reader.forms


def main_form(page: Any) -> Form:
    """The form that the page is about: the one with a one-time key."""
    return next(form for form in forms_of(page) if "form_key" in form.fields)


def filled(page: Any, **typed: Typed) -> dict[str, Any]:
    """What a browser would post of the page's form after somebody typed this; None unticks a box."""
    return _typed_into(main_form(page), typed)


def _typed_into(form: Form, typed: dict[str, Typed]) -> dict[str, Any]:
    fields: dict[str, Any] = {**form.fields, **typed}
    return {name: value for name, value in fields.items() if value is not None}


def fill_in(client: Client, address: str, **typed: Typed) -> HttpResponse:
    """Open a page, fill its form in and press its button; the answer to that."""
    page = client.get(address)
    assert page.status_code == 200, f"{address} answered {page.status_code}"
    form = main_form(page)
    return client.post(form.action or address, _typed_into(form, typed))  # type: ignore[return-value]


def text_of(page: Any) -> str:
    """The words of a page, without tags, scripts and needless blanks."""
    return _words_of(page.content.decode())


def _words_of(html: str) -> str:
    reader = _Words()
    reader.feed(html)
    return " ".join(" ".join(reader.words).split())


def timeline(page: Any) -> list[str]:
    """The words of each version in the list of an item's page, the newest first."""
    part = page.content.decode().partition('<ol class="timeline">')[2].partition("</ol>")[0]
    return [_words_of(each) for each in part.split("<li")[1:]]


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words.append(data)
