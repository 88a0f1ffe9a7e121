"""What tests of saved files share: files that are changed, with a checksum that fits."""

import functools
import json
import re

import numpy as np
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

import sknet_hp
from sknet_hp import NetClassifier
from sknet_hp.estimators.persistence.contents import FORMAT, compute_digest

X = np.random.default_rng(0).standard_normal((40, 3))


@functools.cache
def fit_net():
    """A small net, fitted to X once."""
    return NetClassifier(width=4, max_epochs=1, random_state=0).fit(X, X[:, 0] > 0)


def without_addresses(model):
    return re.sub(r" at 0x\w+", "", repr(model))


def save_and_load(model, path):
    """The model as it comes back."""
    sknet_hp.save(model, path)
    return sknet_hp.load(path)


def read_contents(path):
    """(the tree as text, the arrays) of a file."""
    content = path.read_bytes()
    size = int.from_bytes(content[:8], "little")
    return json.loads(content[8 : 8 + size])["__metadata__"]["tree"], load_tensors(content)


def rewrite(path, change=lambda tree: tree, arrays=None):
    """Write the file anew with its tree changed, and perhaps its arrays."""
    tree, known = read_contents(path)
    tree, arrays = change(tree), known if arrays is None else arrays
    path.write_bytes(
        save_tensors(arrays, {"sknet_hp": str(FORMAT), "tree": tree, "sha256": compute_digest(tree, arrays)})
    )
