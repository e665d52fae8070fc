"""Evaluation of models: scores, calibration, charts and reports."""
