"""Every refusal of the room explains itself from its own fields and travels between processes."""

import pickle
from dataclasses import fields, is_dataclass
from string import Formatter

import pytest

from senhui.intake import LayerRefused


def kinds(of: type[LayerRefused] = LayerRefused) -> list[type[LayerRefused]]:
    every = [kind for child in of.__subclasses__() for kind in (child, *kinds(child))]
    return [kind for kind in every if "what" in vars(kind)]


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_a_refusal_says_what_why_and_what_to_do(kind: type[LayerRefused]) -> None:
    assert is_dataclass(kind)
    names = {field.name for field in fields(kind)}
    templates = (kind.what, kind.why, kind.remedy)
    used = {part[1] for template in templates for part in Formatter().parse(template) if part[1] is not None}
    assert used <= names
    for template in templates:
        assert template[0].isupper() or template[0] == "{"
        assert template.endswith(".")

    values = {str: "a", int: 3, float: 1.5}
    refusal = kind(*(values.get(field.type, ("a", "b")) for field in fields(kind)))  # type: ignore[arg-type]
    again = pickle.loads(pickle.dumps(refusal))
    assert type(again) is kind
    assert again.facts == refusal.facts
    assert str(again) == str(refusal)
    assert str(refusal).endswith(".")
