"""What is wrong with a saved file."""


class SavedModelError(ValueError):
    """A file that can not be loaded; the message says why."""
