"""``catalogue``: the documents that are generated from declarations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features import catalogue
from models.common.files import write_atomically
from pipelines.config import reference
from pipelines.config.company_features import groups, targets
from pipelines.ingest import source_checks
from pipelines.ingest.rules import reference as rules_reference
from pipelines.ingest.summary import hints

if TYPE_CHECKING:
    from pipelines.config.settings import Settings

COMMANDS = """# The command line

{generated}

Every verb takes `--config` (default `expansion.toml`). Results go to stdout, as text or, with
`--json`, as exactly one JSON object; progress and errors go to stderr. Every verb is safe to
repeat: it changes nothing for the same input, or replaces its own output in one step.

Exit codes: **0** done, **1** data or checks failed (a missing table or export, a violated rule, a
model that is not better), **2** wrong usage (an unknown option or setting, a file or folder that
does not exist, a mapping that does not fit its source), **3** environment failed (disk, network,
a service, a library).
"""


@dataclass(frozen=True)
class Documents:
    """The catalogue's columns, and the documents that were written."""

    columns: list[dict[str, Any]]
    written: list[str]


def listed(settings: Settings) -> Documents:
    """Return every feature column of a company, those of its own groups included."""
    columns = catalogue.columns_of(groups(settings))
    return Documents([column.as_dict() for column in columns], [])


def written_for(settings: Settings, folder: Path) -> Documents:
    """Write the catalogue of a company's columns into ``folder``."""
    path = folder / "feature-catalogue.md"
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(path, catalogue.feature_catalogue(groups(settings), targets(settings)))
    return Documents(listed(settings).columns, [str(path)])


def texts(verbs: Any) -> dict[str, str]:
    """Return every generated document by its file name."""
    return {
        "feature-catalogue.md": catalogue.feature_catalogue(),
        "data-contract.md": catalogue.data_contract(),
        "commands.md": commands(verbs),
        "hints.md": hints.document(catalogue.GENERATED),
        "settings.md": reference.document(
            catalogue.GENERATED, rules_reference.section(source_checks.RULES)
        ),
    }


def written(folder: Path, verbs: Any) -> Documents:
    """Write every generated document of this repository into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts(verbs).items():
        write_atomically(folder / name, text)
    columns = [column.as_dict() for column in catalogue.columns()]
    return Documents(columns, [str(folder / name) for name in texts(verbs)])


def commands(verbs: Any) -> str:
    """Return the Markdown of ``docs/commands.md`` for the whole command line, a click group."""
    sections = [
        f"## {name}\n\n{verb.help}\n\n" + "\n".join(_parameters(verb))
        for name, verb in _verbs(verbs)
    ]
    head = COMMANDS.format(generated=catalogue.GENERATED)
    return "\n".join([head, *(section.rstrip() + "\n" for section in sections)])


def _verbs(group: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each verb with its name; those of a group, such as ``keys``, with the group's too.

    A hidden verb is an old name of another one.
    """
    for name, verb in group.commands.items():
        if verb.hidden:
            continue
        if hasattr(verb, "commands"):
            if verb.invoke_without_command:
                yield f"{before}{name}", verb
            yield from _verbs(verb, f"{before}{name} ")
        else:
            yield f"{before}{name}", verb


def _parameters(verb: Any) -> Iterator[str]:
    """Describe each argument and option of a verb but those that every verb has."""
    for parameter in verb.params:
        if parameter.name in ("config", "as_json", "help"):
            continue
        name = parameter.opts[0] if parameter.param_type_name == "option" else parameter.name
        text = (parameter.help or "").rstrip(".")
        default = parameter.default
        shown = default not in (None, "", False) and not parameter.required
        yield f"- `{name}`: {text}{f' (default {default})' if shown else ''}."
