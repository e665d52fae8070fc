"""Trials of the selector with a preset as it is: one situation a file, each beside every-N."""
