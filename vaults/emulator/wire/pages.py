"""HTML without a template engine: tags are functions, and text is escaped unless it is a tag already.

Pages need no scripts, their only style sheet comes from the emulator, and the content security policy allows nothing else.
"""

from html import escape
from pathlib import Path

from vaults.emulator.wire.http import Headers, Response

STYLE_PATH = "/emulator.css"
STYLE = Path(__file__).with_name("emulator.css").read_bytes()
VOID = ("br", "input", "link", "meta")


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def tag(name: str, /, *children: str, **attributes: str | bool | None) -> Html:
    """An element. Attributes that are None or False are left out; `class_` and `for_` lose their underscore."""
    written = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{escape(str(value))}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in VOID:
        return Html(f"<{name}{written}>")
    return Html(f"<{name}{written}>{join(*children)}</{name}>")


def join(*children: str) -> Html:
    return Html("".join(child if isinstance(child, Html) else escape(child) for child in children))


def hidden(name: str, value: str) -> Html:
    return tag("input", type="hidden", name=name, value=value)


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> Html:
    """A table, or the word "none"."""
    if not rows:
        return tag("p", "None.", class_="none")
    return tag(
        "table",
        tag("thead", tag("tr", *(tag("th", name, scope="col") for name in head))),
        tag("tbody", *(tag("tr", *(tag("td", cell) for cell in row)) for row in rows)),
        tabindex="0",  # a wide table scrolls sideways, also by keyboard
    )


def page(title: str, *body: str, status: int = 200, form_targets: tuple[str, ...] = ()) -> Response:
    """A page. `form_targets`: other origins that its forms may redirect to."""
    document = tag(
        "html",
        tag(
            "head",
            tag("meta", charset="utf-8"),
            tag("meta", name="viewport", content="width=device-width"),
            tag("title", title),
            tag("link", rel="stylesheet", href=STYLE_PATH),
        ),
        tag("body", tag("main", tag("h1", title), *body)),
        lang="en",
    )
    return Response(status, f"<!doctype html>{document}".encode(), _headers(form_targets))


def style() -> Response:
    return Response(200, STYLE, [("Content-Type", "text/css; charset=utf-8"), ("X-Content-Type-Options", "nosniff")])


def _headers(form_targets: tuple[str, ...]) -> Headers:
    forms = " ".join(("'self'", *form_targets))
    policy = f"default-src 'none'; style-src 'self'; form-action {forms}; base-uri 'none'; frame-ancestors 'none'"
    return [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Security-Policy", policy),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        # Not "no-referrer": with that, browsers send "Origin: null" with our own forms.
        ("Referrer-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Cache-Control", "no-store"),
    ]
