"""How a model is fitted: classifier, amounts, calibration, baselines."""
