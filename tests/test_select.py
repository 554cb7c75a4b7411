"""The options of a select are those that Django's own template writes."""

import re

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates

CHOICES = {
    "plain": [("a", "A"), ("b", "B")],
    "nothing chosen": [("", "—"), ("a", "A")],
    "hostile": [('"><script>', "<b>&'\""), ("a", "é✓")],
    "groups": [("First <1>", [("a", "A"), ("1", "One")]), ("b", "B")],
    "numbers": [(1, "One"), (2, "Two")],
}


def tags(html: str) -> str:
    """Without the space between tags, which is not shown in a select."""
    return re.sub(r">\s+<", "><", html.strip())


@pytest.mark.parametrize("choices", CHOICES.values(), ids=CHOICES)
@pytest.mark.parametrize("value", ["a", "", "1", None, '"><script>'])
def test_it_is_what_django_writes(choices: list[tuple[object, object]], value: str | None) -> None:
    widget = forms.Select(attrs={"id": "x", "aria-invalid": "true"}, choices=choices)
    ours, theirs = widget.render("x", value), widget.render("x", value, renderer=DjangoTemplates())
    assert tags(ours) == tags(theirs)
