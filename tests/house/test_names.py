"""The house rules that a machine can check: unit suffixes, words with no room, sources of science functions."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "senhui"
SCIENCE = ("measurement", "projection")

# The closed list: a float in a science room says its unit last, or is one of the pure ratios and coefficients below.
UNIT_SUFFIXES = (
    "_tc", "_tc_ha", "_tco2e", "_t_ha", "_t_m3", "_t", "_kg", "_cm", "_m", "_ha", "_m2_ha", "_m3", "_m3_ha", "_yr",
    "_per_yr", "_frac", "_ratio", "_factor", "_per_ha", "_du", "_tc_m3", "_kg_m3", "_tc2",
)  # fmt: skip
DIMENSIONLESS = {"expansion", "a", "b", "c", "d", "e", "f", "stems_ha", "culms_ha"}
"""`expansion` is the biomass expansion factor; a to f are printed coefficients whose unit the equation gives."""

FORBIDDEN_WORDS = {"utils", "helpers", "common", "core", "misc", "base", "manager", "service", "processor"}


def functions(room: str) -> Iterator[tuple[Path, ast.FunctionDef]]:
    for path in sorted((SOURCE / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef):
                yield path, node


@pytest.mark.parametrize("room", SCIENCE)
def test_a_float_argument_of_a_science_function_ends_in_its_unit(room: str) -> None:
    wrong = [
        f"{path.name}:{node.lineno} {argument.arg}"
        for path, node in functions(room)
        for argument in [*node.args.args, *node.args.kwonlyargs]
        if argument.annotation is not None
        and ast.unparse(argument.annotation) in {"float", "Column", "NDArray[np.float64]"}
        and not argument.arg.endswith(UNIT_SUFFIXES)
        and argument.arg not in DIMENSIONLESS
    ]
    assert not wrong, f"unit suffix missing: {wrong}"


@pytest.mark.parametrize("room", SCIENCE)
def test_a_public_formula_cites_its_source(room: str) -> None:
    """A formula is a public function that takes and returns columns."""
    wrong = [
        f"{path.name}:{node.lineno} {node.name}"
        for path, node in functions(room)
        if not node.name.startswith("_")
        and node.returns is not None
        and ast.unparse(node.returns) == "Column"
        and "Source" not in (ast.get_docstring(node) or "")
    ]
    assert not wrong, f"no source cited: {wrong}"


def test_formulas_are_found_by_these_checks() -> None:
    """A check that finds nothing to look at would pass for ever."""
    found = [
        node.name
        for room in SCIENCE
        for _, node in functions(room)
        if node.returns and ast.unparse(node.returns) == "Column"
    ]
    assert len(found) >= 5


def test_no_room_or_file_bears_a_word_that_means_nothing() -> None:
    wrong = [
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*.py")
        if {part.removesuffix(".py") for part in path.relative_to(SOURCE).parts} & FORBIDDEN_WORDS
    ]
    assert not wrong


def test_every_module_says_in_its_first_lines_what_is_in_it() -> None:
    wrong = [
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*.py")
        if "migrations" not in path.parts
        and path.read_text("utf-8").strip()
        and not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert not wrong


def test_no_file_grows_past_six_hundred_lines() -> None:
    wrong = [
        f"{path.relative_to(SOURCE)}: {n}"
        for path in SOURCE.rglob("*.py")
        if (n := len(path.read_text("utf-8").splitlines())) > 600
    ]
    assert not wrong
