"""Base station node: messages of robots from the radio, republished as ordinary topics."""
