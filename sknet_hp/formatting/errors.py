"""Errors in one line."""

MOST = 240
"""Characters of a message: some explain at length."""


def summarise_traceback(trace: str) -> str:
    """Return the error that a traceback ends with, in one line.

    Messages may have several lines, so the last line need not say what happened.

    Parameters
    ----------
    trace : as `traceback.format_exc` returns it.
    """
    lines = trace.strip().splitlines()
    frames = [k for k, line in enumerate(lines) if line.startswith(("Traceback ", '  File "'))]
    begin = frames[-1] + 1 if frames else 0
    while begin < len(lines) - 1 and lines[begin].startswith(" "):
        begin += 1
    text = " ".join(" ".join(lines[begin:]).split())
    return text if len(text) <= MOST else f"{text[: MOST - 1].rstrip()}…"
