"""What a command writes: files, JSON, text and progress."""
