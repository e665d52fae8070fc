"""How good a model is: scores, calibration, charts, reports."""
