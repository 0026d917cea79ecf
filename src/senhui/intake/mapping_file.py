"""A saved mapping (映射文件): a profile as a JSON file that a technician can keep, read and change.

Cases: ``tests/intake/test_profile.py``; an example stands in ``docs/importing.md``.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

from senhui.intake.profile import ImportProfile
from senhui.intake.refusal import LayerRefused
from senhui.intake.strict_json import ProfileKeyUnknown

MAPPING_EDITION: Final = 1
_EDITION_KEY: Final = "senhui_mapping"
_LARGEST_BYTES: Final = 2**20


@dataclass(eq=False)
class NotAMapping(LayerRefused):
    """The file is not a saved mapping."""

    what: ClassVar[str] = "{file_name} is not a saved mapping."
    why: ClassVar[str] = "A mapping is a JSON file in UTF-8 that says “{key}”: {edition}."
    remedy: ClassVar[str] = "Choose the file that was saved from the mapping page, or make the mapping anew."
    file_name: str
    key: str = _EDITION_KEY
    edition: int = MAPPING_EDITION


def mapping_text(profile: ImportProfile) -> str:
    """Give the text of a mapping file; what is open in the profile is left out.

    Examples
    --------
    >>> print(mapping_text(ImportProfile(area_unit="mu")), end="")
    {
      "senhui_mapping": 1,
      "area_unit": "mu"
    }
    """
    said = {name: value for name, value in profile.as_json().items() if value not in (None, "", {})}
    return json.dumps({_EDITION_KEY: MAPPING_EDITION, **said}, ensure_ascii=False, indent=2) + "\n"


def write_mapping(path: str | os.PathLike[str], *, profile: ImportProfile) -> None:
    """Save a profile as a mapping file, whole or not at all."""
    path = Path(path)
    written = path.with_name(f".{path.name}.part")
    try:
        written.write_text(mapping_text(profile), "utf-8")
        written.replace(path)
    finally:
        written.unlink(missing_ok=True)


def read_mapping(path: str | os.PathLike[str]) -> ImportProfile:
    """Read a mapping file.

    Raises
    ------
    NotAMapping, ProfileKeyUnknown, ProfileValueWrong
        See there.
    """
    path = Path(path)
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise NotAMapping(path.name)
        values = json.loads(path.read_text("utf-8-sig"), object_pairs_hook=_without_repetition)
    except (OSError, ValueError, RecursionError) as error:
        raise NotAMapping(path.name) from error
    if not isinstance(values, dict) or values.pop(_EDITION_KEY, None) != MAPPING_EDITION:
        raise NotAMapping(path.name)
    return ImportProfile.from_json(values)


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a key that stands twice, of which JSON would silently keep the last."""
    values = dict(pairs)
    if len(values) < len(pairs):
        names = [name for name, _ in pairs]
        raise ProfileKeyUnknown(next(name for name in names if names.count(name) > 1), tuple(values))
    return values
