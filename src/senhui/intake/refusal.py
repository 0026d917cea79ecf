"""What it means that a file is refused: a named exception that carries its facts as fields.

Each subclass stands in the module that raises it and states what is wrong, why it matters and what to do as three
templates over its own fields, so that a page can translate the template and fill in the fields.
Cases: ``tests/intake/test_refusals.py``.
"""

from dataclasses import fields
from typing import ClassVar


class LayerRefused(Exception):
    """A file cannot be read as a sub-compartment layer; nothing of it was kept.

    Subclasses are dataclasses (``eq=False``): their fields are the facts, and ``what``, ``why`` and ``remedy`` are
    ``str.format`` templates over them. They survive pickling, because a job runs in its own process.
    """

    what: ClassVar[str]
    why: ClassVar[str]
    remedy: ClassVar[str]

    def __post_init__(self) -> None:
        super().__init__(*self.facts.values())

    @property
    def facts(self) -> dict[str, object]:
        """The fields of the refusal by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]

    def __str__(self) -> str:
        facts = {
            name: ", ".join(map(str, fact)) if isinstance(fact, tuple) else fact for name, fact in self.facts.items()
        }
        return " ".join(template.format(**facts) for template in (self.what, self.why, self.remedy))


class MappingNeeded(LayerRefused):
    """The rows and outlines of a layer were read, but what its columns mean only a person can say (字段映射).

    Subclasses are questions: the profile has a place for each answer, and with it the layer is interpreted again.
    """
