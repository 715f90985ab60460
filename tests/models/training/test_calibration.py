from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.inference.calibrators import METHODS, apply, logistic
from models.training.calibration import DEFAULT_METHOD, FITS, beta, calibrate, isotonic, sigmoid

Outcomes = tuple[np.ndarray, np.ndarray]


def outcomes(chance: Callable[[np.ndarray], np.ndarray], rows: int, seed: int = 2) -> Outcomes:
    """Return raw scores, and outcomes that come with ``chance`` of them."""
    random = np.random.default_rng(seed)
    raw = random.normal(size=rows) * 2 - 1
    return raw, (random.random(rows) < chance(raw)).astype(float)


def folds(chance: Callable[[np.ndarray], np.ndarray], accounts: int = 400) -> pd.DataFrame:
    """Return rows of three folds of four dates, as ``calibrate`` takes them."""
    parts = []
    for place in range(12):
        raw, label = outcomes(chance, accounts, place)
        day = date(2024, 1, 1) + timedelta(days=28 * place)
        ids = [f"a-{number}" for number in range(accounts)]
        one = {"account_id": ids, "as_of": day, "fold": place // 4, "raw": raw, "label": label}
        parts.append(pd.DataFrame(one))
    return pd.concat(parts, ignore_index=True)


def too_sure(raw: np.ndarray) -> np.ndarray:
    return logistic(0.4 * raw - 0.5)


def bent(raw: np.ndarray) -> np.ndarray:
    """Rises, stays, and rises again: no curve with few parameters follows it."""
    return np.interp(raw, [-3, -2, -1.9, 0.5, 0.6, 3], [0.01, 0.02, 0.3, 0.31, 0.9, 0.92])


def test_every_method_can_be_fitted_and_applied() -> None:
    assert list(FITS) == list(METHODS)


@pytest.mark.parametrize("name", METHODS)
def test_a_calibration_is_json_and_keeps_extreme_scores_probabilities(name: str) -> None:
    found = json.loads(json.dumps(FITS[name](*outcomes(too_sure, 3_000))))
    given = apply(found, np.array([-1e6, -800.0, 0.0, 800.0, 1e6]))
    assert ((given >= 0) & (given <= 1)).all()
    assert (np.diff(given) >= 0).all()


def test_an_unknown_calibration_is_refused() -> None:
    with pytest.raises(ValueError, match="'magic' is unknown"):
        apply({"method": "magic"}, np.zeros(1))


def test_the_sigmoid_finds_back_the_odds_that_made_the_outcomes() -> None:
    found = sigmoid(*outcomes(lambda raw: logistic(0.7 * raw - 1), 40_000))
    assert (found["a"], found["b"]) == (pytest.approx(0.7, abs=0.05), pytest.approx(-1, abs=0.05))


def test_beta_finds_back_a_curve_that_no_sigmoid_has() -> None:
    curve = {"method": "beta", "a": 0.4, "b": 1.5, "c": 0.3}
    raw, label = outcomes(lambda raw: apply(curve, raw), 60_000)
    found = beta(raw, label)
    np.testing.assert_allclose(apply(found, raw), apply(curve, raw), atol=0.02)
    assert np.abs(apply(sigmoid(raw, label), raw) - apply(curve, raw)).max() > 0.04


def test_isotonic_follows_any_rise_and_never_says_never() -> None:
    raw, label = outcomes(bent, 40_000)
    given = apply(isotonic(raw, label), raw)
    assert np.abs(given - bent(raw)).mean() < 0.02
    assert given.min() > 0
    assert given.max() < 1


@pytest.mark.parametrize("fit", [sigmoid, beta])
def test_a_score_that_orders_wrongly_is_made_flat_and_not_mirrored(fit: object) -> None:
    raw = np.linspace(-1, 1, 100)
    found = fit(raw, (raw < 0).astype(float))  # type: ignore[operator]
    np.testing.assert_allclose(apply(found, raw), 0.5)


@settings(deadline=None)  # the machine is shared; this is about the order, not the time
@given(st.integers(0, 1_000), st.sampled_from(["sigmoid", "beta", "isotonic"]))
def test_no_calibration_turns_two_accounts_round(seed: int, name: str) -> None:
    raw, label = outcomes(too_sure, 60, seed)
    label[:2] = 0, 1
    given = apply(FITS[name](raw, label), np.sort(raw))
    assert (np.diff(given) >= -1e-12).all()


@pytest.mark.parametrize(
    ("chance", "chosen"), [(logistic, "none"), (too_sure, "sigmoid"), (bent, "isotonic")]
)
def test_the_simplest_method_that_is_good_enough_later_is_chosen(
    chance: Callable[[np.ndarray], np.ndarray], chosen: str
) -> None:
    found = calibrate(folds(chance), mature_days=56)
    assert found["method"] == chosen
    assert set(found["log_loss"]) == set(FITS)


def test_methods_are_compared_only_by_what_was_known_when_a_fold_began() -> None:
    seen = folds(too_sure)
    # In a year nothing of the earlier folds is known: there is nothing to compare by.
    assert calibrate(seen, mature_days=365).keys() == {"method", "a", "b"}
    assert calibrate(seen, mature_days=365)["method"] == DEFAULT_METHOD
    # In 196 days the third fold knows of the first two dates of the first, and the second of none.
    unknown = (seen["fold"] == 0) & (seen["as_of"] > date(2024, 1, 1) + timedelta(days=28))
    other = seen.assign(label=seen["label"].where(~unknown, 1 - seen["label"]))
    losses = [calibrate(rows, mature_days=196)["log_loss"] for rows in (seen, other)]
    assert losses[0] == losses[1]
    known = calibrate(seen.assign(label=other["label"]), mature_days=168)["log_loss"]
    assert known != losses[0]


def test_outcomes_of_one_kind_calibrate_nothing() -> None:
    assert calibrate(folds(lambda raw: np.zeros(len(raw))), 56) == {"method": "none"}
