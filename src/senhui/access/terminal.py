"""Whoever sits at the terminal of the machine (终端操作者).

That person owns the database file and could write anything into it; to refuse something there would only be a
show. The value is for `cli` alone: tests/access/test_terminal.py proves that no web page acts as the operator.
"""

from __future__ import annotations

from typing import Final


class Operator:
    """The person at the terminal: may do everything everywhere, and has no row among the users."""

    pk: Final = None

    def __repr__(self) -> str:
        return "OPERATOR"


OPERATOR: Final = Operator()
