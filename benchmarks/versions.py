"""Another version of sknet_hp, in an environment of its own, measured beside this one:
its Python runs the same script and answers questions.
"""

import json
import subprocess
import sys
import warnings
from collections.abc import Callable
from typing import Any


class Version:
    """An environment's Python that waits for questions.

    Parameters
    ----------
    python : its interpreter.
    script : the benchmark, which calls `serve` when it is given these arguments.
    """

    def __init__(self, python: str, script: str, *arguments: str):
        self.process = subprocess.Popen(
            [python, script, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, *question: Any) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(json.dumps(question), file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())


def serve(answer: Callable[..., Any]) -> None:
    """Answer, line by line, what is asked."""
    warnings.simplefilter("ignore")
    for line in sys.stdin:
        print(json.dumps(answer(*json.loads(line))), flush=True)
