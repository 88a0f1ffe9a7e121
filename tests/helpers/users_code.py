"""What a user's modules may hold that a search refers to.

Each text defines `score`. Lines "# edit: ..." say what may be edited in it, or, after
its name, in another file: a place, whose numbers are made greater, or "old -> new".
"""

HELPERS = {
    "pk/__init__.py": "",
    "pk/helpers.py": "LIMIT = 3\n\ndef worth(x):\n    return x + 10\n\ndef other(x):\n    return x + 20\n",
    "pk/deep/__init__.py": "",
    "pk/deep/down.py": "def worth(x):\n    return x + 30\n",
}
"""Files of the user's package."""

SCORERS = {
    "object without attributes": """
# edit: return 1
class Score:
    def __call__(self, net, X, y):
        return 1
score = Score()
""",
    "its base": """
# edit: return 1
class Base:
    def worth(self):
        return 1
class Score(Base):
    pass
score = Score()
""",
    "its metaclass": """
# edit: return 1
class Meta(type):
    def worth(cls):
        return 1
class Score(metaclass=Meta):
    pass
score = Score()
""",
    "its slots": """
# edit: self.by = 1
class Score:
    __slots__ = ('by',)
    def __init__(self):
        self.by = 1
score = Score()
""",
    "data class": """
# edit: int = 1
# edit: [2]
# edit: return self.by -> return -self.by
from dataclasses import dataclass, field
@dataclass
class Score:
    by: int = 1
    of: list = field(default_factory=lambda: [2])
    def __call__(self, net, X, y):
        return self.by
score = Score()
""",
    "named tuple": """
# edit: int = 1
# edit: return 2
from typing import NamedTuple
class Score(NamedTuple):
    by: int = 1
    def __call__(self, net, X, y):
        return 2
score = Score()
""",
    "enumeration": """
# edit: A = 1
# edit: return 2
import enum
class Score(enum.Enum):
    A = 1
    def __call__(self, net, X, y):
        return 2
score = Score.A
""",
    "a way of its own to be pickled": """
# edit: return 1
class Score:
    def __call__(self, net, X, y):
        return 1
    def __reduce__(self):
        return Score, ()
score = Score()
""",
    "class method": """
# edit: 'a': 1
# edit: + 2
class Own:
    BY = {'a': 1}
    @classmethod
    def score(cls, net, X, y):
        return cls.BY['a'] + 2
score = Own.score
""",
    "static method": """
# edit: return 1
class Own:
    @staticmethod
    def score(net, X, y):
        return 1
score = Own.score
""",
    "method": """
# edit: return 1
# edit: Own(2)
class Own:
    def __init__(self, by):
        self.by = by
    def score(self, net, X, y):
        return 1
score = Own(2).score
""",
    "partial": """
# edit: return 1
# edit: by=2
from functools import partial
def worth(net, X, y, by):
    return 1
score = partial(worth, by=2)
""",
    "lambdas in a dict": """
# edit: y: 1
# edit: y: 2
score = {'a': lambda net, X, y: 1, 'b': lambda net, X, y: 2}
""",
    "swapped lambdas": """
# edit: 'a': lambda net, X, y: 1, 'b' -> 'b': lambda net, X, y: 1, 'a'
score = {'a': lambda net, X, y: 1, 'b': lambda net, X, y: 2}
""",
    "subclass of list": """
# edit: return 1
# edit: [2]
class Score(list):
    def worth(self):
        return 1
score = Score([2])
""",
    "factory of a dict": """
# edit: 1
from collections import defaultdict
score = defaultdict(lambda: 1)
""",
    "attribute of a function": """
# edit: score.by = 1
def score(net, X, y):
    return score.by
score.by = 1
""",
    "default": """
# edit: 'a': 1
# edit: [2]
def score(net, X, y, by={'a': 1}, *, to=[2]):
    return by
""",
    "arguments": """
# edit: *y -> y
def score(net, X, *y):
    return y
""",
    "what an exception is caught of": """
# edit:     a = 1\\n    try:\\n ->     try:\\n        a = 1\\n
def score(net, X, y):
    a = 1
    try:
        b = 2
    except ValueError:
        b = 3
    return b
""",
}
"""What a scorer may be."""


UNCOMPARED = {
    "lock": """
# not compared: own.LOCK (lock)
import threading
LOCK = threading.Lock()
def score(net, X, y):
    with LOCK:
        return 1
""",
    "lock of an object": """
# not compared: own.Score.lock (lock)
import threading
class Score:
    def __init__(self):
        self.lock = threading.Lock()
score = Score()
""",
    "file": """
# not compared: own.LOG (TextIOWrapper)
with open(__file__) as LOG:
    pass
def score(net, X, y):
    return LOG.closed
""",
    "generator": """
# not compared: own.EACH (generator)
EACH = (k for k in range(3))
def score(net, X, y):
    return next(EACH)
""",
    "random numbers": """
# not compared: own.RNG (a generator of random numbers)
import numpy as np
RNG = np.random.default_rng()
def score(net, X, y):
    return RNG.random()
""",
    "counter": """
# not compared: own.COUNT (it changes while the search runs)
COUNT = 0
def score(net, X, y):
    global COUNT
    COUNT += 1
""",
    "counter of a module": """
# not compared: pk.helpers.LIMIT (it changes while the search runs)
import pk.helpers
def score(net, X, y):
    pk.helpers.LIMIT += 1
""",
    "eval": """
# not compared: what eval runs or finds, in own.score
def score(net, X, y):
    return eval('1')
""",
    "import by name": """
# not compared: what import_module runs or finds, in own.score
import importlib
def score(net, X, y):
    return importlib.import_module('pk.helpers').worth(1)
""",
    "import that fails": """
# not compared: the import of broken, in own.score
def score(net, X, y):
    import broken
""",
    "what fails when it is looked at": """
# not compared: own.ODD (KeyError)
class Odd(dict):
    def items(self):
        raise KeyError('no')
ODD = Odd()
def score(net, X, y):
    return ODD
""",
    "what fails whatever it is asked": """
# not compared: own.ODD (RuntimeError)
class Odd:
    def __getattribute__(self, name):
        raise RuntimeError(name)
ODD = Odd()
def score(net, X, y):
    return ODD
""",
    "what is held in more ways than anybody counts": """
# not compared: own.PAIR (too much to look at)
class Pair:
    def __init__(self, of):
        self.one = self.other = of
PAIR = None
for _ in range(60):
    PAIR = Pair(PAIR)
def score(net, X, y):
    return PAIR
""",
    "what hangs together as a whole": """
# not compared: own.BY (too much to look at)
BY = []
for _ in range(2000):
    BY = [BY]
def score(net, X, y):
    return BY
""",
}
"""What can not be compared, and how that is said."""
