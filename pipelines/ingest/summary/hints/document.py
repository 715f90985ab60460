"""The document of all hints, generated from their declarations."""

from __future__ import annotations

from pipelines.ingest.summary.hints.declaration import HINTS, Declaration

LEAD = """`expansion check` holds the data against the [contract](data-contract.md), then shows the
business that the data describes. A hint is data that keeps the contract and still looks like
a mistake in the mapping. It stops nothing: look at the figure, ask who knows, correct the mapping
or leave it. `[hints] leave_out = ["name"]` silences one that you have looked into; `--json` has
every hint with its figure and examples."""


def document(generated: str) -> str:
    """Return the Markdown of ``docs/hints.md``; ``generated`` says that it is not to be edited."""
    sections = [_section(declared) for declared in HINTS.values()]
    return "\n\n".join(["# Hints", generated, LEAD, *sections]) + "\n"


def _section(declared: Declaration) -> str:
    recipe = (
        f" Recipe: [{declared.recipe}](connect-your-data.md#{_anchor(declared.recipe)})."
        if declared.recipe
        else ""
    )
    looked_at = ", ".join(f"`{name}`" for name in declared.needs)
    train = " `train` names it where outcomes are missing." if declared.leaves_no_outcomes else ""
    return (
        f"## {declared.name}\n\n{declared.means}{train}\n\nLooks at {looked_at}. "
        f"What to do: {declared.do}.{recipe}"
    )


def _anchor(heading: str) -> str:
    return heading.lower().replace(" ", "-")
