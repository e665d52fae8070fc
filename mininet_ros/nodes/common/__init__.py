"""What the nodes share: parameters, quality of service, diagnostics, image messages, process."""
