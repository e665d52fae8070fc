"""Shared by all nodes: parameters, quality of service, diagnostics, messages, process."""
