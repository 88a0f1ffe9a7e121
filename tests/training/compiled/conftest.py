from calls import _place  # noqa: F401
