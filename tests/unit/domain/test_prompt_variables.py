"""Variables in prompts."""

from gantry.domain.prompts import filled, variables_in


def test_variables_are_found_in_order_and_once() -> None:
    """Spaces around a name do not matter; what is no name is text."""
    content = "{{to}} {{ from }} {{to}} {{first name}} {{größe}} {{}} {{ }} {single} {{{a}}} {{b\n}} {{_}}"
    assert variables_in(content) == ("to", "from", "first name", "größe", "a")


def test_what_is_given_is_put_in_its_places() -> None:
    """Everywhere; a variable without a value stays, and what is given is not read for variables again."""
    content = "{{a}}, {{ a }} and {{b}}"
    assert filled(content, {"a": "{{b}}", "b": ""}) == "{{b}}, {{b}} and {{b}}"
    assert filled(content, {"a": "\\1"}) == "\\1, \\1 and {{b}}"
