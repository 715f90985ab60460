"""What a person at a terminal sees: progress on stderr, one answer on stdout, an exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from typing import Any, TypeVar

import typer
from rich import progress as bars
from rich.console import Console
from rich.table import Table

from features.errors import EnvironmentFailure, ExpansionError
from pipelines.cli.options import DEFAULT, chosen_config
from pipelines.common.progress import Progress

Result = TypeVar("Result")

# Into a file or a pipe nothing is folded to the 80 columns of a terminal that is not there.
out = Console() if sys.stdout.isatty() else Console(width=160)
err = Console(stderr=True)


def run(
    work: Callable[[Progress], Result],
    show: Callable[[Result], None],
    *,
    as_json: bool,
    code: Callable[[Result], int] = lambda _result: 0,
) -> None:
    """Do ``work``, print its result for a person or as one JSON object, and exit with its code.

    Exit codes: 0 done, 1 the data or a gate says no, 2 wrong usage, 3 the environment failed; a
    verb may have more of its own.
    """
    try:
        with _progress(quiet=as_json) as report:
            result = work(report)
    except ExpansionError as error:
        _fail(error, as_json=as_json)
    except OSError as error:
        _fail(EnvironmentFailure(_system_error(error)), as_json=as_json)
    else:
        _print_json(result) if as_json else show(result)
        if number := code(result):
            raise typer.Exit(number)


def _system_error(error: OSError) -> str:
    where = f" ({error.filename})" if error.filename else ""
    return f"system error: {error.strerror or error}{where}"


def _fail(error: ExpansionError, *, as_json: bool) -> None:
    if as_json:
        _print_json({"error": list(error.problems), "exit_code": error.exit_code})
    for problem in error.problems:
        err.print(problem, style="red", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(error.exit_code)


def _print_json(result: Any) -> None:
    value = result.as_dict() if hasattr(result, "as_dict") else result
    value = asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
    value = {"items": value} if isinstance(value, list) else value
    sys.stdout.write(json.dumps(value, default=str, sort_keys=True) + "\n")


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Progress]:
    columns = (
        bars.TextColumn("{task.description:<32}"),
        bars.BarColumn(),
        bars.TimeElapsedColumn(),
    )
    with bars.Progress(*columns, console=err, transient=True, disable=quiet) as display:
        task = display.add_task("starting", total=1.0)
        yield lambda step, share: display.update(task, description=step, completed=share)


def table(title: str, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print a small table; numbers to the right."""
    grid = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for number, name in enumerate(header):
        right = bool(rows) and all(_is_number(str(row[number])) for row in rows)
        grid.add_column(name, justify="right" if right else "left", overflow="fold")
    for row in rows:
        grid.add_row(*(str(cell) for cell in row))
    out.print(grid)


def line(text: str = "", style: str | None = None) -> None:
    """Print one line of plain text."""
    out.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def next_step(*commands: str) -> None:
    """Print what to do next: verbs, each with a remark after a dash where there is one."""
    line(f"Next: {', or '.join(_with_settings(command) for command in commands)}")


def _with_settings(command: str) -> str:
    """Return ``expansion VERB --config FILE - remark`` of ``VERB - remark``."""
    verb, _, remark = command.partition(" - ")
    config = chosen_config.get()
    option = "" if config == DEFAULT else f" --config {config}"
    return f"expansion {verb}{option}{f' ({remark})' if remark else ''}"


def _is_number(text: str) -> bool:
    return not text or text.strip("+-−–%").replace(",", "").replace(".", "").strip(" %").isdigit()
