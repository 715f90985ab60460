"""What does not hold in a company's own labels is told with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.errors import UsageError
from features.labels.targets import TARGETS
from pipelines.config.company_features import groups, targets, trained_targets
from pipelines.config.settings import Settings, load

LABEL = '''from features import target


@target(title="Deal", direction="=", needs_grace=False{more})
def {name}(decisions):
    """A deal."""
    return decisions.{returns}
'''


def settings_with(folder: Path, train: str = "", **label: str) -> Settings:
    known = {"name": "deal", "more": "", "returns": "gained(decisions.increases)"}
    (folder / "acme.py").write_text(LABEL.format(**known | label), "utf-8")
    config = folder / "expansion.toml"
    config.write_text(f'[features]\nmodules = ["acme.py"]\n[train]\n{train}\n', "utf-8")
    return load(config)


def problems(settings: Settings) -> list[str]:
    with pytest.raises(UsageError) as refused:
        trained_targets(settings)
    folder = f"{settings.features.modules[0].parent}/"
    return [problem.replace(folder, "") for problem in refused.value.problems]


def test_a_label_of_a_company_follows_ours_and_is_trained(tmp_path: Path) -> None:
    settings = settings_with(tmp_path)
    assert list(targets(settings)) == [*TARGETS, "deal"]
    assert trained_targets(settings) == (*TARGETS, "deal")
    assert len(groups(settings)) == len(groups(Settings()))
    chosen = settings_with(tmp_path, train='targets = ["deal", "churn"]')
    assert trained_targets(chosen) == ("deal", "churn")
    assert list(targets(Settings())) == list(TARGETS)


def test_a_misspelt_target_is_told_with_the_names_there_are(tmp_path: Path) -> None:
    known = "Available: upsell, cross_sell, downsell, churn"
    assert problems(settings_with(tmp_path, train='targets = ["deals"]')) == [
        f"train.targets: there is no 'deals'; did you mean 'deal'? {known}, deal"
    ]
    config = tmp_path / "plain.toml"
    config.write_text('[train]\ntargets = ["chrun"]\n', "utf-8")
    with pytest.raises(UsageError) as refused:
        load(config)
    assert refused.value.problems == (
        f"{config}: train.targets: there is no 'chrun'; did you mean 'churn'? {known}",
    )


@pytest.mark.parametrize(
    ("label", "problem"),
    [
        ({"name": "churn"}, "acme.py:4: label churn is a label of ours; rename yours"),
        ({"name": "arr"}, "acme.py:4: label arr is a column; rename yours"),
        (
            {"more": ', excludes=("chrun",)'},
            "acme.py:4: label deal excludes 'chrun', which nobody declares; did you mean 'churn'? "
            "Available: churn, cross_sell, deal, downsell, upsell",
        ),
        (
            {"returns": "increased"},
            "acme.py:7: label deal fails: AttributeError: 'Decisions' object has no attribute "
            "'increased'; mend its function",
        ),
        (
            {"returns": "increases"},
            "acme.py:4: label deal returns no arr; return decisions.gained(...)",
        ),
        (
            {"more": ", colour=1"},
            "acme.py:4: fails when it is read: TypeError: target() got an unexpected keyword "
            "argument 'colour'",
        ),
        (
            {"name": "Deal"},
            "acme.py:4: label Deal needs a name of lower-case letters, digits and single _, of 40 "
            "characters at most; rename it",
        ),
    ],
)
def test_what_does_not_hold_is_told_with_its_line(
    tmp_path: Path, label: dict[str, str], problem: str
) -> None:
    assert problems(settings_with(tmp_path, **label)) == [problem]
