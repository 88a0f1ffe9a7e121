"""What the commands do. Their arguments and their help stand in `commands`."""
