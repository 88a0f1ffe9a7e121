"""The commands: their arguments and their help. What they do stands in `work`."""
