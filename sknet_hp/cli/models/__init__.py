"""Models that a command is told of: by name, or saved."""
