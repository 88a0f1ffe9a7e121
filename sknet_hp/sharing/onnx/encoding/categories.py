"""Columns of categories and of text as ONNX nodes.

Text is lower case in the encoder. Here, patterns of letters of either case stand for
it: ONNX's own operator needs a locale, which containers often lack.
"""

import sys
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from sknet_hp.estimators.encoding.categorical.categories import Codes, OneHot
from sknet_hp.estimators.encoding.categorical.words import Words, split_words
from sknet_hp.estimators.encoding.numeric.standardise import LIMIT
from sknet_hp.sharing.onnx.builder import GraphBuilder
from sknet_hp.sharing.onnx.tables import TensorTable

MISSING = ""
"""What stands for missing text; ONNX has no missing strings."""


def add_one_hot(b: GraphBuilder, part: OneHot, table: TensorTable) -> str:
    """Return the 0/1 columns of a column of categories, (rows, n) float32."""
    position = _add_positions(b, part, table)
    return b.cast(b.add("Equal", position, np.arange(len(part.names_), dtype=np.int64)), np.float32)


def add_codes(b: GraphBuilder, part: Codes, first: int, table: TensorTable) -> str:
    """Return the numbers of vectors, counted from `first`, (rows, 1) float32."""
    position = _add_positions(b, part, table)
    return b.cast(b.add("Add", position, np.int64(first)), np.float32)


def _add_positions(b: GraphBuilder, part: OneHot | Codes, table: TensorTable) -> str:
    """Return the number of each cell's category, (rows, 1) int64."""
    known, unseen = dict(part.number_of), part.unseen
    missing = known.pop(None, unseen)
    if part.text_:
        if MISSING not in known:
            known[MISSING] = missing
        elif isinstance(part, OneHot) and None in part.number_of:  # with codes, a number is kept for missing ones
            raise ValueError(
                f"column {part.column} has both missing cells and empty strings, which are the same in an exported "
                f"model; replace one of them before training"
            )
        return look_up_text(b, table.read_text(b, part.column), known, unseen)
    return look_up_numbers(b, table.read_numbers(b, [part.column]), known, missing, unseen)


def _read_numbers(categories: Sequence[Any]) -> np.ndarray:
    """Return categories that are numbers or booleans as float64.

    Raises
    ------
    ValueError
        If that would change one.
    """
    values = np.array([float(category) for category in categories], np.float64)
    changed = [category for category, value in zip(categories, values.tolist(), strict=True) if category != value]
    if changed:
        raise ValueError(
            f"the category {changed[0]!r} is a whole number that float64, as exported models take it, can not hold; "
            f"make strings of this column before training"
        )
    return values


def look_up_numbers(b: GraphBuilder, x: str, known: dict[Any, int], missing: int, unseen: int) -> str:
    """Return the whole number that belongs to each number, (rows, 1) int64.

    Parameters
    ----------
    x : the name of (rows, 1) float64.
    known : what belongs to numbers or booleans.
    missing, unseen : what belongs to NaN, and to all others.
    """
    hits = b.add("Equal", x, _read_numbers(list(known)))  # (rows, n)
    # No more than one is 1; its number exceeds that of what is unseen by so much.
    offsets = np.array(list(known.values()), np.float64)[:, None] - unseen
    position = b.add("Add", b.cast(b.add("MatMul", b.cast(hits, np.float64), offsets), np.int64), np.int64(unseen))
    return b.add("Where", b.add("IsNaN", x), np.int64(missing), position)


def look_up_text(b: GraphBuilder, text: str, known: dict[str, int], default: int) -> str:
    """Return the whole number that belongs to each text, (rows, 1) int64."""
    known = known or {MISSING: default}  # ONNX has no empty list
    keys, values = list(known), list(known.values())
    given = {"keys_strings": keys, "values_int64s": values, "default_int64": default}
    return b.add("LabelEncoder", text, domain="ai.onnx.ml", **given)


# ---- text ----------------------------------------------------------------------------------------------------------


def add_words(b: GraphBuilder, part: Words, table: TensorTable) -> tuple[str, str | None]:
    """Return the two numbers of a column of text, and the 0/1 columns of its words.

    Both are float32. There may be no words that are frequent.
    """
    text = table.read_text(b, part.column)
    missing = b.add("Equal", text, np.array([MISSING], object))  # (rows, 1)
    counts = np.log(np.array([*part.rows_of.values(), 1], np.float64))
    place = look_up_text(b, text, {key: number for number, key in enumerate(part.rows_of)}, len(counts) - 1)
    numbers = b.concatenate([b.add("Gather", counts, place), _add_length(b, text)])
    mean, factor = part.scale
    scaled = b.add("Mul", b.add("Sub", numbers, mean), factor)
    scaled = b.add("Clip", scaled, np.float64(-LIMIT), np.float64(LIMIT))
    scaled = b.cast(b.add("Where", missing, np.float64(0), scaled), np.float32)

    hits = [b.add("RegexFullMatch", text, pattern=write_pattern(word)) for word in part.position_of]
    if len(part.names_) > len(part.position_of):
        hits.append(missing)
    return scaled, b.cast(b.concatenate(hits), np.float32) if hits else None


_HALF = 512
LONGEST = 2 * _HALF
"""Characters up to which exported models count the length of a text."""


def _add_length(b: GraphBuilder, text: str) -> str:
    """Return the number of characters, (rows, 1) float64; no more than `LONGEST`.

    ONNX has no operator for it: patterns tell its binary digits.
    """
    digits, place = [], 1
    while place <= _HALF:
        cycle = f".{{{2 * place}}}" if place < _HALF else f".{{{_HALF}}}.{{{_HALF}}}"
        pattern = f"(?s)(?:{cycle})*.{{{place}}}.{{0,{place - 1}}}"
        digits.append(b.add("RegexFullMatch", text, pattern=pattern))
        place *= 2
    values = np.array([[2.0**digit] for digit in range(len(digits))])
    length = b.add("MatMul", b.cast(b.concatenate(digits), np.float64), values)
    long = b.add("RegexFullMatch", text, pattern=f"(?s).{{{_HALF}}}.{{{_HALF}}}.*")
    return b.add("Where", long, np.float64(LONGEST), length)


def write_pattern(key: str) -> str:
    r"""Return the pattern, of RE2, of texts that have a word or are it, in any case.

    Words are what `split_words` finds, runs of letters or of digits; \w of Python has
    numerals (Nl, No) among letters.
    """
    own = "".join(map(_write_character, key))
    if split_words(key) != [key]:
        return f"(?s){own}"
    inside = r"\p{Nd}" if key.isdecimal() else r"\p{L}\p{Nl}\p{No}"
    return f"(?s)(?:.*[^{inside}])?{own}(?:[^{inside}].*)?"


def _write_character(character: str) -> str:
    forms = _find_forms().get(character, character)
    written = [form if form.isascii() and form.isalnum() else f"\\x{{{ord(form):x}}}" for form in forms]
    return written[0] if len(written) == 1 else f"[{''.join(written)}]"


@cache
def _find_forms() -> dict[str, str]:
    """Return, of each character with several, all that are it in lower case."""
    forms: dict[str, str] = {}
    for character in map(chr, range(sys.maxunicode + 1)):
        lower = character.lower()
        if lower != character and len(lower) == 1:
            forms[lower] = forms.get(lower, lower) + character
    return forms
