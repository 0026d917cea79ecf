"""How the terminal speaks: progress bars when a person looks, plain lines when piped, JSON for machines.

Exit codes: 0 done · 1 refused or not found · 2 wrong usage · 3 the file has errors (a list was written).
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

REFUSED, FILE_HAS_ERRORS = 1, 3
PLAIN_LINE_EVERY_S = 2.0

_NO_BREAKS = str.maketrans("\t\r\n", "   ")
"""A value with a tab or a line break stays one cell of one line."""

out = Console()
err = Console(stderr=True)


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[float, str], None]]:
    """Give a `progress(fraction, note)`: a bar on a terminal, a plain line now and then elsewhere."""
    if not err.is_terminal:
        last = -PLAIN_LINE_EVERY_S

        def line(fraction: float, note: str) -> None:
            nonlocal last
            if fraction >= 1.0 or time.monotonic() - last >= PLAIN_LINE_EVERY_S:
                last = time.monotonic()
                err.print(f"{title}: {note} ({fraction:.0%})", highlight=False, soft_wrap=True)

        yield line
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=err) as bar:
        task = bar.add_task(title, total=1.0)
        yield lambda fraction, note: bar.update(task, completed=fraction, description=f"{title}: {note}")


def say(text: str, *, to_err: bool = False) -> None:
    """Print a sentence as it is: a name with brackets stays one, and no command is broken into two lines."""
    (err if to_err else out).print(text, markup=False, highlight=False, soft_wrap=True)


def warn(message: str) -> None:
    """Print what did not go as asked although the command goes on."""
    err.print(f"[bold yellow]![/] {escape(message)}", highlight=False, soft_wrap=True)


def fail(message: str, *, code: int = REFUSED) -> NoReturn:
    """Print what went wrong and what to do, and leave with `code`."""
    err.print(f"[bold red]✗[/] {escape(message)}", highlight=False, soft_wrap=True)
    raise typer.Exit(code)


@contextmanager
def refusals_told(*, more: Callable[[Exception], str] = lambda _problem: "") -> Iterator[None]:
    """Leave with a plain message where an action refuses; whatever is not ours is a mistake of the program and shows.

    An exception of our own says what, why and what to do now: that is what tells it from a mistake, as for jobs.

    Parameters
    ----------
    more : gives what this command has to add, such as the name of an option.
    """
    from senhui.jobs.refusal import OURS

    try:
        yield
    except Exception as problem:
        if not type(problem).__module__.startswith(OURS):
            raise
        fail(f"{problem}{more(problem)}")


def print_json(value: Any) -> None:
    """Print one JSON document for machines."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")


def print_rows(rows: list[dict[str, Any]], *, title: str) -> None:
    """Print rows as a table on a terminal and as tab-separated lines when piped."""
    if not rows:
        say(f"{title}: nothing.")
        return
    names = list(rows[0])
    if not out.is_terminal:
        for values in [names, *[[_text(row[name]) for name in names] for row in rows]]:
            sys.stdout.write("\t".join(values) + "\n")
        return
    table = Table(title=escape(title), title_justify="left")
    for name in names:
        is_number = isinstance(rows[0][name], int | float)
        table.add_column(escape(name), justify="right" if is_number else "left")
    for row in rows:
        table.add_row(*[escape(_text(row[name])) for name in names])
    out.print(table)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:,.2f}" if isinstance(value, float) else str(value).translate(_NO_BREAKS)
