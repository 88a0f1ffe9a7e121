import traceback

import pytest

from sknet_hp.formatting.errors import MOST, summarise_traceback


def make_trace(error):
    try:
        try:
            raise KeyError("first")
        except KeyError:
            raise error  # noqa: B904
    except type(error):
        return traceback.format_exc()


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("cannot"), "ValueError: cannot"),
        (ValueError("two names, got:\n- a\n  - b\nRename them."), "ValueError: two names, got: - a - b Rename them."),
        (RuntimeError(), "RuntimeError"),
    ],
)
def test_the_last_error_is_told_whole(error, text):
    assert summarise_traceback(make_trace(error)) == text


def test_long_messages_are_cut():
    text = summarise_traceback(make_trace(ValueError("word " * 200)))
    assert text.startswith("ValueError: word")
    assert len(text) <= MOST
    assert text.endswith("…")


def test_a_message_alone():
    assert summarise_traceback("ValueError: cannot\n") == "ValueError: cannot"
    assert summarise_traceback("Traceback (most recent call last):\nValueError: cannot") == "ValueError: cannot"
    assert summarise_traceback("") == ""
