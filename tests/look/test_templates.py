"""Templates and scripts hold to the strict content policy, and what they name exists."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import get_template
from django.urls import get_resolver

from vaults.templatetags import fields, kvportal, people, rows

TEMPLATES = Path(settings.BASE_DIR) / "templates"
STATIC = Path(settings.BASE_DIR) / "static"
PAGES = sorted(path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.html"))

LIBRARIES = (fields, kvportal, people, rows)

FORBIDDEN = {
    "an inline style": r"\sstyle\s*=|<style",
    "an inline script": r"<script(?![^>]*\ssrc=)",
    "an inline handler": r"\son[a-z]+\s*=|hx-on",
    "text declared safe": r"\|\s*safe\b|autoescape\s+off|safeseq",
    "code in an attribute": r"javascript:|hx-vals|hx-vars|js:",
    "something from another host": r"(?:src|href)\s*=\s*[\"'](?:https?:)?//",
}


def matches(pattern: str) -> Iterator[str]:
    for page in PAGES:
        yield from re.findall(pattern, (TEMPLATES / page).read_text())


@pytest.mark.parametrize("page", PAGES)
def test_every_template_compiles(page: str) -> None:
    get_template(page)


@pytest.mark.parametrize("page", PAGES)
def test_nothing_that_the_content_policy_or_the_escaping_would_have_to_catch(page: str) -> None:
    text = (TEMPLATES / page).read_text()
    assert [what for what, pattern in FORBIDDEN.items() if re.search(pattern, text, re.IGNORECASE)] == []


def test_no_template_is_left_over() -> None:
    """Each is named by another one or by the code, or stands where Django or allauth looks for it."""
    code = [path.read_text() for room in ("kvportal", "vaults") for path in (TEMPLATES.parent / room).rglob("*.py")]
    named = "".join([*code, *((TEMPLATES / page).read_text() for page in PAGES)])
    looked_for = re.compile(r"(40\d|403_csrf|500|account/\w+|django/forms/(field|errors/list/ul|widgets/\w+))\.html")
    assert [page for page in PAGES if f'"{page}"' not in named and not looked_for.fullmatch(page)] == []


def test_no_tag_or_filter_is_left_over() -> None:
    used = set(matches(r"{% (\w+)")) | set(matches(r"\|(\w+)"))
    ours = {name for each in LIBRARIES for name in {*each.register.tags, *each.register.filters}}
    assert ours - used == set()


def test_icons_exist() -> None:
    for name in {*matches(r'{% icon "([\w-]+)"'), *matches(r'icon_name="([\w-]+)"')}:
        assert kvportal.icon(name)


def test_static_files_exist() -> None:
    named = set(matches(r"{% static '([^']+)' %}"))
    assert len(named) > 15
    assert [name for name in named if not finders.find(name)] == []


def test_addresses_exist() -> None:
    known = {name for name in get_resolver().reverse_dict if isinstance(name, str)}
    named = set(matches(r"{% url ['\"](\w+)['\"]"))
    assert named - known == set()


def test_state_changing_forms_carry_the_token() -> None:
    for page in PAGES:
        forms = re.findall(r'<form[^>]*method="post".*?</form>', (TEMPLATES / page).read_text(), re.DOTALL)
        assert all("{% csrf_token %}" in form for form in forms), page


@pytest.mark.parametrize("script", sorted(path.name for path in (STATIC / "kvportal/js").glob("*.js")))
def test_scripts_write_text_never_markup(script: str) -> None:
    text = (STATIC / "kvportal/js" / script).read_text()
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text)


@pytest.mark.parametrize("sheet", sorted(path.name for path in (STATIC / "kvportal/css").glob("*.css")))
def test_style_sheets_stay_readable_and_at_home(sheet: str) -> None:
    text = (STATIC / "kvportal/css" / sheet).read_text()
    assert len(text.splitlines()) < 350
    assert not re.search(r"https?:|url\(\s*[\"']?//|@import", text)
