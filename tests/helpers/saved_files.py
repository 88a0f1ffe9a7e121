"""What tests of saved files share: files that are changed, with a checksum that fits."""

import json

from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

import sknet_hp
from sknet_hp.estimators.persistence.contents import FORMAT, compute_digest


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
