"""What functions of a user's module may refer to; see `users_code` for what the texts
mean.
"""

REFERENCES = {
    "module in a package": """
# edit: pk/helpers.py: x + 10
import pk.helpers
def score(net, X, y):
    return pk.helpers.worth(1)
""",
    "module by another name": """
# edit: pk/helpers.py: x + 10
import pk.helpers as h
def score(net, X, y):
    return [h.worth(k) for k in y]
""",
    "module of a module": """
# edit: pk/deep/down.py: x + 30
import pk.deep.down
def score(net, X, y):
    return pk.deep.down.worth(1)
""",
    "constant of a module": """
# edit: pk/helpers.py: LIMIT = 3
import pk.helpers
def score(net, X, y):
    return pk.helpers.LIMIT
""",
    "import within": """
# edit: pk/helpers.py: x + 10
def score(net, X, y):
    import pk.helpers
    return pk.helpers.worth(1)
""",
    "import within, from": """
# edit: pk/helpers.py: x + 10
def score(net, X, y):
    from pk.helpers import worth as w
    return w(1)
""",
    "import within, of a module": """
# edit: pk/helpers.py: x + 10
def score(net, X, y):
    from pk import helpers
    return (lambda: helpers.worth(1))()
""",
    "import within, as": """
# edit: pk/deep/down.py: x + 30
def score(net, X, y):
    import pk.deep.down as d
    return d.worth(1)
""",
    "module handed on": """
# edit: pk/helpers.py: x + 10
import pk.helpers
def score(net, X, y):
    return getattr(pk.helpers, 'wor' + 'th')(1)
""",
    "decorator with an argument": """
# edit: times(2)
# edit: f(x) * by -> f(x) + by
# edit: x + 1
import functools
def times(by):
    def around(f):
        @functools.wraps(f)
        def inner(x):
            return f(x) * by
        return inner
    return around
@times(2)
def worth(x):
    return x + 1
def score(net, X, y):
    return worth(3)
""",
    "decorator that is an object": """
# edit: (x) * self.by -> (x) + self.by
# edit: x + 1
# edit: (worth, 2)
import functools
class Times:
    def __init__(self, f, by):
        functools.update_wrapper(self, f)
        self.by = by
    def __call__(self, x):
        return self.__wrapped__(x) * self.by
def worth(x):
    return x + 1
worth = Times(worth, 2)
def score(net, X, y):
    return worth(3)
""",
    "decorator of Python": """
# edit: yield 1
# edit: return 2
# edit: return 3
import contextlib, functools
@contextlib.contextmanager
def held():
    yield 1
@functools.singledispatch
def worth(x):
    return 2
@worth.register
def _(x: int):
    return 3
def score(net, X, y):
    with held() as by:
        return worth(by)
""",
    "cache": """
# edit: return 1
# edit: =7
import functools
@functools.lru_cache(maxsize=7)
def worth(x):
    return 1
def score(net, X, y):
    return worth(2)
""",
    "partial among globals": """
# edit: return 1
# edit: by=2
from functools import partial
def worth(x, by):
    return 1
WORTH = partial(worth, by=2)
def score(net, X, y):
    return WORTH(3)
""",
    "method among globals": """
# edit: = 1
# edit: return 2
class Own:
    def __init__(self):
        self.by = 1
    def worth(self):
        return 2
WORTH = Own().worth
def score(net, X, y):
    return WORTH()
""",
    "object among globals": """
# edit: = 1
# edit: return 2
class Own:
    def __init__(self):
        self.by = 1
    def worth(self):
        return 2
OWN = Own()
def score(net, X, y):
    return OWN.worth()
""",
    "two objects among globals": """
# edit: Own(1), Own(2) -> Own(2), Own(1)
class Own:
    def __init__(self, by):
        self.by = by
A, B = Own(1), Own(2)
def score(net, X, y):
    return A.by - B.by
""",
    "dict among globals": """
# edit: 'a': 1
# edit: x: 2
BY = {'a': 1, 'b': lambda x: 2}
def score(net, X, y):
    return BY['a']
""",
    "list among globals": """
# edit: [1, 2]
BY = [1, 2]
def score(net, X, y):
    return BY[0]
""",
    "array among globals": """
# edit: [1, 2]
import numpy as np
BY = np.array([1, 2])
def score(net, X, y):
    return BY[0]
""",
    "lambda that calls itself": """
# edit: else 1
fact = lambda n: n * fact(n - 1) if n else 1
def score(net, X, y):
    return fact(3)
""",
    "closure over a dict": """
# edit: {'a': 1}
def made(by):
    def score(net, X, y):
        return by['a']
    return score
score = made({'a': 1})
""",
    "closures over functions": """
# edit: return 1
def worth(x):
    return 1
def made(f):
    return lambda net, X, y: f(2)
score = made(worth)
""",
    "class within a function": """
# edit: made(1)
# edit: by + 2
def made(by):
    class Score:
        def __call__(self, net, X, y):
            return by + 2
    return Score()
score = made(1)
""",
    "class attributes": """
# edit: [1]
class Score:
    BY = [1]
    def __call__(self, net, X, y):
        return self.BY
score = Score()
""",
    "property": """
# edit: return 1
# edit: to + 2
class Own:
    @property
    def by(self):
        return 1
    @by.setter
    def by(self, to):
        self.to = to + 2
OWN = Own()
def score(net, X, y):
    return OWN.by
""",
    "partial method": """
# edit: return 1
# edit: worth, 2
from functools import partialmethod
class Score:
    def worth(self, by):
        return 1
    __call__ = partialmethod(worth, 2)
score = Score()
""",
}
