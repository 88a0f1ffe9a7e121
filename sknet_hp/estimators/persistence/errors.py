"""The error of a saved file that can not be loaded."""


class SavedModelError(ValueError):
    """A file that can not be loaded; the message says why."""
