"""The numeric kernels under the stacked layers: matrix products and random bits that do not depend on company.

Every function takes a *stack*, a tensor whose leading axis runs over the members of a cohort, and gives each member the
bits that it would get alone. Two facts carry this:

- a batched product computes each member's product by itself, so its bits depend only on that member's shape and on where it lies
  in memory: all start at a multiple of `ALIGNMENT`;
- batches have a multiple of `ROW_QUANTUM` rows, so a stack of any height is a whole number of vector registers, and no
  element ever falls into a kernel's scalar tail (which may round differently from its vector body).
"""

import functools
from collections.abc import Callable
from functools import partial
from itertools import repeat
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from sknet_hp.nets.cores import n_cores
from sknet_hp.nets.cores import run as run_parts

ALIGNMENT = 16
"""Each member's tensors start at a multiple of this many floats (64 bytes): MKL's products give other bits for operands that lie otherwise."""

_UNALIGNED = 4 * ALIGNMENT - 1  # the bits of an address, or of a distance in bytes, that are set where it is no multiple

ROW_QUANTUM = 32
"""Batches are filled up to a multiple of this many rows: two AVX-512 registers of float32, the unit of torch's vector loops."""

_ONEDNN_MULTIPLICATIONS = 2_000_000
"""From this size of one member's product on, oneDNN's kernel beats MKL's on CPUs for which MKL has no AVX-512 path."""


_BLOCK = 1 << 26
"""From so many multiplications on, a member's product is made of blocks of rows, of half as many each."""

_BLOCK_ROWS = 128
"""And of at least so many rows: fewer are slower."""

_WORTH_SHARING = 1 << 24
"""From so many on, all members together, handing a part to another core (some ten microseconds) pays."""

_SKINNY = 16
"""From so many times as many rows as columns on, a map's result is computed as its transpose."""

_FEW_COLUMNS = 64
"""But not for more columns than these: products into wide results are fast as they are, and turning them takes time."""

_ZEN_5 = 26
"""AMD's family number."""


def padded_rows(n: int) -> int:
    """The number of rows, at least n, that a batch of n rows is run at."""
    return -(-n // ROW_QUANTUM) * ROW_QUANTUM


@functools.cache
def _mkl_is_slow() -> bool:
    """Whether MKL leaves half of this CPU's arithmetic unused while oneDNN uses it: AMD's, for which MKL has no AVX-512 path, from Zen 5 on.

    Zen 4 runs AVX-512 on registers of half the width and gains nothing from it.
    """
    cpuinfo = Path("/proc/cpuinfo")
    if torch.backends.cpu.get_cpu_capability() != "AVX512" or not hasattr(torch.ops.mkldnn, "_linear_pointwise") or not cpuinfo.exists():
        return False
    first = dict(line.split(":", 1) for line in cpuinfo.read_text().split("\n\n")[0].splitlines() if ":" in line)
    fields = {name.strip(): value.strip() for name, value in first.items()}
    return fields.get("vendor_id") == "AuthenticAMD" and int(fields.get("cpu family", 0)) >= _ZEN_5


def _onednn(x: Tensor, rows: int, inner: int, columns: int) -> bool:
    # A function of one member's shape and of the machine, never of the stack's height: the choice decides the bits.
    return rows * inner * columns >= _ONEDNN_MULTIPLICATIONS and x.device.type == "cpu" and x.dtype == torch.float32 and _mkl_is_slow()


Space = Callable[..., Tensor]
"""space(*uses, like, *shape): a tensor of that shape to write into, the same one whenever it is asked for again."""


def affine(x: Tensor, weight: Tensor, bias: Tensor | None, space: Space) -> Tensor:
    """x @ weight.T + bias of each member.

    Shapes: x (members, rows, inner), weight (members, columns, inner), bias (members, columns) or None; (members, rows, columns) returned.
    """
    members, rows, inner = x.shape
    columns = weight.shape[1]
    if columns <= _FEW_COLUMNS and rows >= _SKINNY * columns and x.device.type == "cpu" and _regular(columns, rows):
        # A map to a few numbers: kernels are several times as fast at a wide result as at a tall one.
        turned = product(weight, x.transpose(1, 2), partial(space, "turned")).transpose(1, 2)
        out = space("product", x, members, rows, columns)
        return out.copy_(turned) if bias is None else torch.add(turned, bias.unsqueeze(1), out=out)
    if bias is None or inner == 1 or not _regular(rows, columns):  # with one input MKL adds the bias in the product's rounding or after it
        out = product(x, weight.transpose(1, 2), space)
        return out if bias is None else out.add_(bias.unsqueeze(1))
    out = space("product", x, members, rows, columns)
    run = _affine_onednn if _onednn(x, rows, inner, columns) else _affine_mkl
    _in_parts(run, _aligned(x, "left", space), _aligned(weight, "right", space), bias, out)
    return out


def product(a: Tensor, b: Tensor, space: Space) -> Tensor:
    """a @ b of each member, with the bits that it has alone.

    Shapes: a (members, rows, inner), b (members, inner, columns); (members, rows, columns) returned, not always contiguous.
    """
    members, rows, inner = a.shape
    columns = b.shape[2]
    if rows == 1:
        # A row that still has the strides of a turned column is one to MKL where it is alone, and rounds differently.
        a = a.reshape(members * inner).view(members, 1, inner)
    a = _aligned(a, "left", space)
    if _regular(rows, columns):
        b = _aligned(b, "right", space)
        out = space("product", a, members, rows, columns)
        _in_parts(_affine_onednn if _onednn(a, rows, inner, columns) else _affine_mkl, a, b.transpose(1, 2), None, out)
        return out
    # Columns of zeros until the result is regular.
    wide = next(c for c in range(max(columns, 2), columns + 17) if _regular(rows, c))
    filled = space("filled", b, members, inner, wide)
    filled[:, :, :columns] = b
    filled[:, :, columns:] = 0
    return torch.bmm(a, _aligned(filled, "right", space), out=space("wide", a, members, rows, wide))[:, :, :columns]


def _aligned(x: Tensor, use: str, space: Space) -> Tensor:
    """x, or a copy of the same strides where not every member starts at a multiple of `ALIGNMENT`."""
    if not (x.data_ptr() | 4 * x.stride(0)) & _UNALIGNED:  # in bytes; the quick way out, for this is asked in every product
        return x
    members, strides = x.shape[0], x.stride()[1:]
    span = 1 + sum((n - 1) * stride for n, stride in zip(x.shape[1:], strides, strict=True))
    padded = -(-span // ALIGNMENT) * ALIGNMENT
    return space(use, x, members, padded).as_strided(x.shape, (padded, *strides)).copy_(x)


def _affine_mkl(x: Tensor, weight: Tensor, bias: Tensor | None, out: Tensor) -> None:
    if bias is None:
        torch.bmm(x, weight.transpose(1, 2), out=out)
    else:
        torch.baddbmm(bias.unsqueeze(1), x, weight.transpose(1, 2), out=out)


def _affine_onednn(x: Tensor, weight: Tensor, bias: Tensor | None, out: Tensor) -> None:
    linear = torch.ops.mkldnn._linear_pointwise.default
    biases = repeat(None) if bias is None else bias.unbind()
    for a, w, b, into in zip(x.unbind(), weight.unbind(), biases, out.unbind(), strict=False):
        into.copy_(linear(a, w, b, "none", [], ""))


Affine = Callable[[Tensor, Tensor, Tensor | None, Tensor], None]


def _in_parts(run: Affine, x: Tensor, weight: Tensor, bias: Tensor | None, out: Tensor) -> None:
    """x @ weight.T + bias into `out`: by blocks of rows where one member's product is large, and by members where cores are idle."""
    members, rows, inner = x.shape
    multiplications = rows * inner * out.shape[2]
    # Blocks are a function of one member's shape alone: they decide the bits.
    block = rows if multiplications < _BLOCK or x.device.type != "cpu" else padded_rows(max(_BLOCK_ROWS, rows * _BLOCK // (2 * multiplications)))
    cores = n_cores() if x.device.type == "cpu" else 1
    share = members if cores == 1 or members * multiplications < _WORTH_SHARING else -(-members // cores)
    if block >= rows and share >= members:
        run(x, weight, bias, out)
        return
    parts = []
    for m in range(0, members, share):
        own = slice(m, m + share)
        own_bias = None if bias is None else bias[own]
        parts += [partial(run, x[own, r : r + block], weight[own], own_bias, out[own, r : r + block]) for r in range(0, rows, block)]
    run_parts(parts)


def _regular(rows: int, columns: int) -> bool:
    """Whether MKL's batched product treats all members alike.

    It takes another path for a single column where the stack holds one member, and for results that do not start at a multiple of 64 bytes.
    """
    return columns > 1 and rows * columns % 16 == 0


# ---- random numbers by counting ------------------------------------------------------------------------------------

_GOLDEN, _MIX_1, _MIX_2 = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def _signed(constant: int) -> int:
    return constant - (1 << 64) if constant >> 63 else constant


def mixed_keys(*parts: int | np.ndarray) -> np.ndarray:
    """One 64-bit key for each combination of integers (broadcast together), by rounds of SplitMix64's finaliser (Steele et al. 2014)."""
    key = np.zeros((), dtype=np.uint64)
    with np.errstate(over="ignore"):
        for part in parts:
            z = key + np.asarray(part).astype(np.uint64) + np.uint64(_GOLDEN)
            z = (z ^ (z >> np.uint64(30))) * np.uint64(_MIX_1)
            z = (z ^ (z >> np.uint64(27))) * np.uint64(_MIX_2)
            key = z ^ (z >> np.uint64(31))
    return key.view(np.int64)


def later(keys: Tensor, words: int) -> Tensor:
    """Keys of the streams that `RandomBits` draws with `keys`, so many words later."""
    return keys + _signed(words * _GOLDEN % (1 << 64))


class RandomBits:
    """Counter-based random 16-bit integers: a pure function of a member's key and a position, on any device.

    SplitMix64's finaliser over key + position · golden, four 16-bit numbers from each 64-bit word.
    """

    def __init__(self, members: int, size: int, device: torch.device):
        self.words = -(-size // 4)
        self.size = size
        self.counter = torch.arange(self.words, dtype=torch.int64, device=device) * _signed(_GOLDEN)  # (words,)
        self.z = torch.empty(members, self.words, dtype=torch.int64, device=device)
        self.shifted = torch.empty_like(self.z)

    def draw(self, keys: Tensor) -> Tensor:
        """Bits of shape (members, size) for keys of shape (members,); valid until the next draw."""
        z = torch.add(self.counter, keys.unsqueeze(1), out=self.z)
        for shift, multiplier in ((30, _signed(_MIX_1)), (27, _signed(_MIX_2)), (31, None)):
            torch.bitwise_right_shift(z, shift, out=self.shifted)
            z.bitwise_xor_(self.shifted.bitwise_and_((1 << (64 - shift)) - 1))  # int64's shift copies the sign: mask it away
            if multiplier is not None:
                z.mul_(multiplier)
        return z.view(torch.int16)[:, : self.size]
