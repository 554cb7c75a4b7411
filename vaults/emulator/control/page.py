"""The control page: tables of what is in an emulator, and a form for each verb."""

from vaults.emulator.control import live_verbs, overview
from vaults.emulator.control.context import Context, Verb
from vaults.emulator.control.directory_verbs import DIRECTORY_VERBS
from vaults.emulator.control.fields import Field, Shape
from vaults.emulator.control.live_verbs import LIVE_VERBS, RESET
from vaults.emulator.control.overview import Section
from vaults.emulator.control.vault_verbs import VAULT_VERBS
from vaults.emulator.wire import pages
from vaults.emulator.wire.http import Response
from vaults.emulator.wire.pages import Html, tag

SHOWN_ANYWAY = (live_verbs.faults, live_verbs.requests)
GROUPS = (
    ("Tenants, service principals, people", DIRECTORY_VERBS),
    ("Vaults and permissions", VAULT_VERBS),
    ("Trouble, delays, time", (*LIVE_VERBS, RESET)),
)


def control_page(context: Context, *, message: str = "", refused: str = "") -> Response:
    """The control page. `message` or `refused` is the result of the last form."""
    sections = overview.sections(context)
    body: list[Html] = []
    if message:
        body.append(tag("p", message, class_="said", role="status"))
    if refused:
        body.append(tag("p", refused, class_="refused", role="alert"))
    for section in sections:
        body += [tag("h2", section.title), pages.table(section.head, section.rows)]
    body += [tag("h2", "Right now"), tag("p", live_verbs.faults(context, {}), class_="said")]
    body += [tag("h2", "Requests of late"), _requests(context)]
    for title, verbs in GROUPS:
        forms = [_form(verb) for verb in verbs if verb.act not in SHOWN_ANYWAY]
        body += [tag("h2", title), tag("div", *forms, class_="verbs")]
    body += [_choices("vault-names", sections, "Vaults"), _choices("principal-names", sections, "Service principals")]
    return pages.page("Local Key Vault", *body, status=400 if refused else 200)


def locked_page() -> Response:
    """The page for a browser without a session."""
    text = tag("p", "This page opens with the address that ", tag("code", "manage.py emulator control"), " prints.")
    return pages.page("Local Key Vault", text, status=401)


def _requests(context: Context) -> Html:
    lines = live_verbs.requests(context, {}).splitlines()
    return tag(
        "details",
        tag("summary", tag("strong", f"The last {len(lines)}")),
        tag("p", "\n".join(reversed(lines)), class_="said"),
    )


def _form(verb: Verb) -> Html:
    fields = [_field(field) for field in verb.fields]
    form = tag("form", *fields, tag("button", verb.name), method="post", action=f"/control/{verb.name}")
    summary = tag("summary", tag("strong", verb.name), tag("span", f" {verb.help}", class_="help"))
    return tag("details", summary, form)


def _field(field: Field) -> Html:
    text = f"{field.name}: {field.help}"
    if field.shape is Shape.SWITCH:
        return tag("label", tag("input", type="checkbox", name=field.name), text, class_="switch")
    if field.shape is Shape.FILE:
        return tag("label", text, tag("textarea", name=field.name, required=field.required))
    if field.choices:
        free = () if field.required else (tag("option", "", value=""),)
        options = [tag("option", choice, selected=choice == field.default) for choice in field.choices]
        return tag("label", text, tag("select", *free, *options, name=field.name, required=field.required))
    names = {"vault": "vault-names", "at": "vault-names", "principal": "principal-names"}.get(field.name)
    default = None if field.default is None else str(field.default)
    return tag("label", text, tag("input", name=field.name, value=default, required=field.required, list=names))


def _choices(identifier: str, sections: list[Section], title: str) -> Html:
    rows = next(section.rows for section in sections if section.title == title)
    return tag("datalist", *(tag("option", value=row[0]) for row in rows), id=identifier)
