"""A journal knows the user's code, wherever a search comes to it: who edits it must not
be given old scores, who does not must not be refused.
"""

import importlib
import json
import os
import re
import subprocess
import sys

import polars as pl
import pytest

from sknet_hp.search import JournalError
from sknet_hp.search.journal import identity
from sknet_hp.search.journal.description import Description
from sknet_hp.search.journal.identity import digest
from tests.helpers.journaled import X, make_network_search, y
from tests.helpers.scripts import ROOT, run_code
from tests.helpers.users_code import HELPERS, SCORERS, UNCOMPARED
from tests.helpers.users_references import REFERENCES

CASES = SCORERS | REFERENCES

SPARED = [
    ("pk/helpers.py", "x + 20"),
    ("own.py", "unused = 8"),
    ("own.py", '"""What it says."""'),
]
"""Edits that no score depends on."""

TAIL = '\n\ndef unused():\n    """What it says."""\n    unused = 8\n    return unused\n'


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Writes a user's files, and gives what the module `own` calls `score`, imported
    anew.
    """
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def written(files):
        for name, text in (HELPERS | files).items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        for name in [name for name in sys.modules if name == "own" or name.split(".")[0] == "pk"]:
            monkeypatch.delitem(sys.modules, name)
        importlib.invalidate_caches()
        return importlib.import_module("own").score

    yield written
    for name in [name for name in sys.modules if name == "own" or name.split(".")[0] == "pk"]:
        del sys.modules[name]


def edits_of(case):
    return re.findall(r"^# edit: (.*)$", CASES[case], flags=re.MULTILINE)


def edited(files, edit):
    """The files after an edit."""
    name, _, change = edit.rpartition(".py: ")
    name = f"{name}.py" if name else "own.py"
    old, arrow, new = change.replace("\\n", "\n").partition(" -> ")
    new = new if arrow else re.sub(r"\d+", lambda number: str(int(number[0]) + 1), old)
    comments, text = re.fullmatch(r"(\n?(?:# [^\n]*\n)*)(.*)", files[name], flags=re.DOTALL).groups()
    assert old in text
    return files | {name: comments + text.replace(old, new, 1)}


@pytest.mark.parametrize("case", CASES)
def test_edited_code(case, project):
    files = HELPERS | {"own.py": CASES[case] + TAIL}
    before = digest(project(files))
    assert digest(project(files)) == before
    for edit in edits_of(case):
        assert digest(project(edited(files, edit))) != before, edit
    for name, old in SPARED if case != "module handed on" else SPARED[1:]:
        assert (
            digest(project(files | {name: files[name].replace(old, old.replace("0", "1").replace("8", "9"))})) == before
        ), old


def test_no_process_and_no_order_of_imports_makes_a_difference(tmp_path, project):
    files = {f"own{number}.py": text for number, text in enumerate(CASES.values())}
    project(files | {"own.py": "score = 1"})
    names = [name.removesuffix(".py") for name in files]
    here = [digest(importlib.import_module(name).score) for name in names]
    for name in names:
        del sys.modules[name]
    code = f"""
import importlib, json, pk.deep.down, pk.helpers
from sknet_hp.search.journal.identity import digest
names = {names}
modules = {{name: importlib.import_module(name) for name in reversed(names)}}
print(json.dumps([digest(modules[name].score) for name in names]))
"""
    elsewhere = json.loads(run_code(code, folders=[tmp_path], PYTHONHASHSEED="1").stdout)
    assert [name for name, one, other in zip(CASES, here, elsewhere, strict=True) if one != other] == []


def test_callable_objects_of_a_script(tmp_path):
    """They are of `__main__`, which may have no file."""
    text = "class Score:\n    def __call__(self, net, X, y):\n        return {worth}\nshow(Score())\n"
    code = """
from sknet_hp.search.journal.identity import digest
def show(score):
    print(digest([score, score.__call__]))
"""
    code += text.format(worth=1) + text.format(worth=2)
    one, other = run_code(code).stdout.split()
    assert one != other
    (tmp_path / "script.py").write_text(code)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(tmp_path / "script.py")]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert ran.stdout.split() == [one, other]


# ---- objects with attributes of any name ---------------------------------------------------------------------------

COLUMNS = [
    "func",
    "fget",
    "__func__",
    "__wrapped__",
    "dist",
    "kwds",
    "args",
    "detach",
    "tolist",
    "to_dense",
    "initial_seed",
    "get_state",
    "x",
]


def test_a_function_that_refers_to_any_column(project):
    text = (
        "from polars import col\nimport polars as pl\n\n"
        "def score(net, X, y):\n    return X.select(col('a'), pl.col('b'))\n"
    )
    before = digest(project({"own.py": text}))
    assert digest(project({"own.py": text})) == before != digest(project({"own.py": text.replace("'a'", "'c'")}))
    assert digest(pl.col) == digest(pl.col)


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_frames_with_columns_that_have_other_meanings(kind, project):
    text = (
        f"import {kind}\n\nTABLE = {kind}.DataFrame({{name: [1, 2] for name in {COLUMNS}}})\n\n"
        "def score(net, X, y):\n    return TABLE\n"
    )
    before = digest(project({"own.py": text}))
    assert digest(project({"own.py": text})) == before != digest(project({"own.py": text.replace("[1, 2]", "[1, 3]")}))


# ---- what is said, and what is refused ------------------------------------------------------------------------------


def uncompared(value):
    description = Description()
    description.describe_whole(value)
    return description.uncompared


@pytest.mark.parametrize("case", UNCOMPARED)
def test_what_can_not_be_compared_is_known_by_name(case, project):
    text = UNCOMPARED[case]
    (expected,) = re.findall(r"^# not compared: (.*)$", text, flags=re.MULTILINE)
    score = project({"own.py": text, "broken.py": "raise RuntimeError('no')\n"})
    assert uncompared(score) == {expected}
    assert digest(score) == digest(project({"own.py": text, "broken.py": "raise RuntimeError('no')\n"}))


@pytest.mark.parametrize("case", CASES)
def test_most_can_be_compared(case, project):
    assert uncompared(project({"own.py": CASES[case]})) == set()


def test_installed_packages_are_not_walked_into(monkeypatch):
    """Not even where they hold things that nobody can compare."""
    import scipy.optimize
    import sklearn.metrics

    def score(net, X, y):
        return sklearn.metrics.f1_score(y, scipy.optimize.minimize(net.predict(X)))

    description = Description()
    description.describe_whole([score, sklearn.metrics.f1_score, sklearn.metrics.get_scorer("f1")])
    assert {name.split(".")[0] for name in description.named} == {__name__.split(".")[0]}


# ---- in a search ----------------------------------------------------------------------------------------------------

SCORER = """
import pk.helpers

SEEN = []

class Score:
    def __init__(self):
        self.calls = 0

    def __call__(self, net, X, y):
        self.calls += 1
        SEEN.append(self.calls)
        return pk.helpers.worth(net.lr)

score = Score()
"""


def test_a_journal_is_refused_by_the_name_of_what_was_edited(path, project):
    make_network_search(path, scoring=project({"own.py": SCORER})).fit(X, y)
    with pytest.raises(
        JournalError,
        match=r"another setting of the search \(pk\.helpers\.worth has changed\); give another path to start again",
    ):
        make_network_search(
            path, scoring=project({"own.py": SCORER, "pk/helpers.py": HELPERS["pk/helpers.py"].replace("+ 10", "- 10")})
        ).fit(X, y)


def test_what_scorers_remember_is_no_setting(path, project, monkeypatch):
    """Once it is known, it is said; the search is taken up here and in another process,
    as is one that was begun after it.
    """
    score = project({"own.py": SCORER})
    make_network_search(path, scoring=score).fit(X, y)
    expected = (
        r"when the search began: own\.SEEN \(it changes while the search runs\); "
        r"own\.Score\.calls \(it changes while the search runs\)\. If"
    )
    other = path.with_name("other")
    with pytest.warns(UserWarning, match=expected):
        make_network_search(path, scoring=score).fit(X, y)
    with pytest.warns(UserWarning, match=expected):
        make_network_search(other, scoring=score).fit(X, y)
    monkeypatch.setattr(identity, "_CHANGING", set())
    for known in (path, other):
        with pytest.warns(UserWarning, match=expected):
            make_network_search(known, scoring=project({"own.py": SCORER})).fit(X, y)
        with pytest.raises(JournalError, match=r"\(own\.Score\.__call__ has changed\)"):
            make_network_search(known, scoring=project({"own.py": SCORER.replace("+= 1", "+= 2")})).fit(X, y)


def test_a_warning_that_is_an_error_leaves_the_journal_to_others(path, project):
    score = project({"own.py": UNCOMPARED["random numbers"]})
    for _ in range(2):
        with pytest.raises(UserWarning, match=r"own\.RNG"):
            make_network_search(path, scoring=score).fit(X, y)
