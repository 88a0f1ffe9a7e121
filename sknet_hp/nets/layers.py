"""The layers whose numbers do not depend on company: forward and backward over a stack of members, written out by hand.

A layer is bound to the stacked parameters of a cohort (views into one flat buffer) and to the matching gradient views, which
`backward` overwrites. By hand rather than through autograd, because for small networks Python's overhead is the cost of a step:
this halves it. Tensors are (members, rows, width); `rows` is a multiple of `kernels.ROW_QUANTUM`.
"""

from functools import partial
from typing import Any, ClassVar

import torch
from torch import Tensor

from sknet_hp.nets import kernels
from sknet_hp.nets.graph import Node

aten = torch.ops.aten


class Layer:
    """One stacked layer.

    Attributes
    ----------
    reads_output : whether `backward` looks at what `forward` returned, so that no later layer may overwrite it.
    in_place : whether `forward` may overwrite its input; the program says so in `overwrite`.
    """

    reads_output: ClassVar[bool] = False
    in_place: ClassVar[bool] = False

    def __init__(self, node: Node, parameters: dict[str, Tensor], gradients: dict[str, Tensor], buffers: dict[str, Tensor], rates: Tensor):
        self.node = node
        self.p, self.g, self.b = parameters, gradients, buffers
        self.rates = rates  # (members, n_rates)
        self.overwrite = False
        self.input_gradient = True
        self._space: dict[tuple, Tensor] = {}

    def space(self, *use_like_shape: Any) -> Tensor:
        """space(*uses, like, *shape): a buffer of the layer's own that lives as long as the layer; one for each use and shape."""
        key = tuple(part for part in use_like_shape if not isinstance(part, Tensor))
        if key not in self._space:
            like = next(part for part in use_like_shape if isinstance(part, Tensor))
            self._space[key] = like.new_empty([part for part in key if isinstance(part, int)])
        return self._space[key]

    def weight_gradient(self, g: Tensor, x: Tensor) -> None:
        """g' x of each member, the gradient of the weight that made outputs of x: (members, rows, n_outputs) and (members, rows, n_inputs)."""
        out = self.g["weight"]
        if out.shape[1] >= 2 * out.shape[2]:  # kernels are faster at wide results than at tall ones
            out.copy_(kernels.product(x.transpose(1, 2), g, partial(self.space, "weight")).transpose(1, 2))
            return

        def here(use: str, like: Tensor, *shape: int) -> Tensor:
            return out if use == "product" and out.is_contiguous() else self.space("weight " + use, like, *shape)

        gradient = kernels.product(g.transpose(1, 2), x, here)
        if gradient is not out:
            out.copy_(gradient)

    def result(self, x: Tensor) -> Tensor:
        return x if self.overwrite else self.space("out", x, *x.shape)

    def forward(self, x: Tensor, weight: Tensor) -> Tensor:
        """The output in training. `weight` (members, rows) sums to one for each member and is zero on rows that only fill the batch."""
        return self.evaluate(x)

    def evaluate(self, x: Tensor) -> Tensor:
        """The output in prediction."""
        raise NotImplementedError

    def backward(self, g: Tensor) -> Tensor | None:
        """The gradient of the input from that of the output, which may be overwritten; parameter gradients go to `self.g`."""
        raise NotImplementedError


class Linear(Layer):
    """x W' + b, as `torch.nn.Linear`."""

    def evaluate(self, x: Tensor) -> Tensor:
        self.x = x
        return kernels.affine(x, self.weight(), self.p.get("bias"), partial(self.space, "forward"))

    def weight(self) -> Tensor:
        """The matrices of the map, (members, n_outputs, n_inputs)."""
        return self.p["weight"]

    def backward(self, g: Tensor) -> Tensor | None:
        self.weight_gradient(g, self.x)
        if "bias" in self.g:
            torch.sum(g, 1, out=self.g["bias"])
        return kernels.product(g, self.weight(), partial(self.space, "input")) if self.input_gradient else None


class _FromOutput(Layer):
    """An activation whose derivative follows from its output, so that it can overwrite its input."""

    reads_output = True
    in_place = True

    def apply(self, x: Tensor, out: Tensor) -> Tensor:
        raise NotImplementedError

    def derivative(self, g: Tensor) -> None:
        """Multiply g in place by the derivative."""
        raise NotImplementedError

    def evaluate(self, x: Tensor) -> Tensor:
        self.out = self.apply(x, self.result(x))
        return self.out

    def backward(self, g: Tensor) -> Tensor:
        self.derivative(g)
        return g


class ReLU(_FromOutput):
    def apply(self, x: Tensor, out: Tensor) -> Tensor:
        return torch.relu_(x) if out is x else torch.clamp_min(x, 0, out=out)

    def derivative(self, g: Tensor) -> None:
        aten.threshold_backward.grad_input(g, self.out, 0, grad_input=g)


class LeakyReLU(_FromOutput):
    def apply(self, x: Tensor, out: Tensor) -> Tensor:
        return aten.leaky_relu.out(x, self.node.slope, out=out)

    def derivative(self, g: Tensor) -> None:
        aten.leaky_relu_backward.grad_input(g, self.out, self.node.slope, True, grad_input=g)


class ELU(_FromOutput):
    @property
    def constants(self) -> tuple[float, float, float]:
        return (self.node.alpha, 1.0, 1.0)

    def apply(self, x: Tensor, out: Tensor) -> Tensor:
        return aten.elu.out(x, *self.constants, out=out)

    def derivative(self, g: Tensor) -> None:
        aten.elu_backward.grad_input(g, *self.constants, True, self.out, grad_input=g)


class SELU(ELU):
    @property
    def constants(self) -> tuple[float, float, float]:
        return (1.6732632423543772848170429916717, 1.0507009873554804934193349852946, 1.0)


class Tanh(_FromOutput):
    def apply(self, x: Tensor, out: Tensor) -> Tensor:
        return torch.tanh(x, out=out)

    def derivative(self, g: Tensor) -> None:
        aten.tanh_backward.grad_input(g, self.out, grad_input=g)


class Sigmoid(_FromOutput):
    def apply(self, x: Tensor, out: Tensor) -> Tensor:
        return torch.sigmoid(x, out=out)

    def derivative(self, g: Tensor) -> None:
        aten.sigmoid_backward.grad_input(g, self.out, grad_input=g)


class _FromInput(Layer):
    """An activation whose derivative needs its input, which is kept."""

    def apply(self, x: Tensor, out: Tensor) -> Tensor:
        raise NotImplementedError

    def evaluate(self, x: Tensor) -> Tensor:
        self.x = x
        return self.apply(x, self.space("out", x, *x.shape))


class GELU(_FromInput):
    def apply(self, x: Tensor, out: Tensor) -> Tensor:
        return aten.gelu.out(x, approximate=self.node.approximate, out=out)

    def backward(self, g: Tensor) -> Tensor:
        return aten.gelu_backward.grad_input(g, self.x, approximate=self.node.approximate, grad_input=g)


class SiLU(_FromInput):
    def apply(self, x: Tensor, out: Tensor) -> Tensor:
        return aten.silu.out(x, out=out)

    def backward(self, g: Tensor) -> Tensor:
        return aten.silu_backward.grad_input(g, self.x, grad_input=g)


class Mish(_FromInput):
    def apply(self, x: Tensor, out: Tensor) -> Tensor:
        return aten.mish.out(x, out=out)

    def backward(self, g: Tensor) -> Tensor:
        return g.copy_(aten.mish_backward(g, self.x))


class Softmax(Layer):
    reads_output = True

    def evaluate(self, x: Tensor) -> Tensor:
        self.out = torch.softmax(x, -1)
        return self.out

    def backward(self, g: Tensor) -> Tensor:
        return aten._softmax_backward_data(g, self.out, -1, g.dtype)


class LogSoftmax(Layer):
    reads_output = True

    def evaluate(self, x: Tensor) -> Tensor:
        self.out = torch.log_softmax(x, -1)
        return self.out

    def backward(self, g: Tensor) -> Tensor:
        return aten._log_softmax_backward_data(g, self.out, -1, g.dtype)


class Dropout(Layer):
    """Inverted dropout (Srivastava et al. 2014) with a rate per member; the mask counts, it draws from no shared generator.

    The mask is a function of the key (seed, epoch, step, layer) that the program sets in `keys` and of the position in the batch. The rate
    is rounded to a multiple of 2**-16.
    """

    in_place = True
    keys: Tensor  # (members,) int64

    def __init__(self, *arguments: Any):
        super().__init__(*arguments)
        self.set_rates()

    def set_rates(self, factors: Tensor | None = None) -> None:
        """Drop at each member's rate times its factor, (members,), or as it is."""
        rates = self.rates.double() if factors is None else self.rates.double() * factors.double().unsqueeze(1)
        self.threshold = (rates * 65536).round().sub(32768).clamp(max=32767).to(torch.int16)  # (members, 1)
        self.scale = (1 / (1 - rates)).to(self.rates.dtype)

    def forward(self, x: Tensor, weight: Tensor) -> Tensor:
        members, size = x.shape[0], x.shape[1] * x.shape[2]
        if not hasattr(self, "mask"):
            self.bits = kernels.RandomBits(members, size, x.device)
            self.mask = torch.empty(members, size, dtype=x.dtype, device=x.device)
        torch.ge(self.bits.draw(self.keys), self.threshold, out=self.mask).mul_(self.scale)
        return torch.mul(x, self.mask.view_as(x), out=self.result(x))

    def evaluate(self, x: Tensor) -> Tensor:
        return x

    def backward(self, g: Tensor) -> Tensor:
        return g.mul_(self.mask.view_as(g))


class BatchNorm(Layer):
    """Batch normalisation (Ioffe & Szegedy 2015) with weighted statistics, so that rows which only fill a batch do not count.

    Its rates are eps and momentum.

    Equal to `torch.nn.BatchNorm1d` up to rounding; written from products and elementwise operations, since torch's kernel depends on the
    height of a stack.
    """

    def forward(self, x: Tensor, weight: Tensor) -> Tensor:
        w = weight.unsqueeze(1)  # (members, 1, rows)
        mean = kernels.product(w, x, partial(self.space, "mean"))  # (members, 1, width)
        centred = torch.sub(x, mean, out=self.space("normalized", x, *x.shape))
        scratch = torch.mul(centred, centred, out=self.space("out", x, *x.shape))
        variance = kernels.product(w, scratch, partial(self.space, "variance"))
        self.inverse = (variance + self.rates[:, None, :1]).rsqrt_()
        self.weight = weight.unsqueeze(2)
        self.normalized = centred.mul_(self.inverse)
        self._track(mean, variance, weight)
        return torch.mul(self.normalized, self.p["weight"].unsqueeze(1), out=scratch).add_(self.p["bias"].unsqueeze(1))

    def _track(self, mean: Tensor, variance: Tensor, weight: Tensor) -> None:
        rows = (weight > 0).sum(1, keepdim=True).to(mean.dtype)  # (members, 1)
        unbiased = variance.squeeze(1) * (rows / (rows - 1).clamp_min(1))
        # A batch without a single row of positive weight teaches nothing.
        momentum = torch.where(rows > 0, self.rates[:, 1:], 0)
        self.b["running_mean"].lerp_(mean.squeeze(1), momentum)
        self.b["running_var"].lerp_(unbiased, momentum)

    def evaluate(self, x: Tensor) -> Tensor:
        scale = self.p["weight"] * (self.b["running_var"] + self.rates[:, :1]).rsqrt_()  # (members, width)
        centred = torch.sub(x, self.b["running_mean"].unsqueeze(1), out=self.space("evaluated", x, *x.shape))
        return centred.mul_(scale.unsqueeze(1)).add_(self.p["bias"].unsqueeze(1))

    def backward(self, g: Tensor) -> Tensor | None:
        scratch = torch.mul(g, self.normalized, out=self.space("scratch", g, *g.shape))
        g_scale = torch.sum(scratch, 1, out=self.g["weight"]).unsqueeze(1)  # (members, 1, width)
        g_shift = torch.sum(g, 1, out=self.g["bias"]).unsqueeze(1)
        if not self.input_gradient:
            return None
        # d/dx of the normalised value, with the weights of the statistics: g - w (sum g + normalized * sum(g * normalized)), scaled.
        torch.mul(self.normalized, g_scale, out=scratch).add_(g_shift).mul_(self.weight)
        return g.sub_(scratch).mul_(self.p["weight"].unsqueeze(1) * self.inverse)


class LayerNorm(Layer):
    """Layer normalisation (Ba et al. 2016) over the last axis. Its rate is eps."""

    def evaluate(self, x: Tensor) -> Tensor:
        self.x = x
        eps = self.rates[:, 0].tolist()
        if len(set(eps)) == 1:
            self.normalized, self.mean, self.rstd = torch.native_layer_norm(x, [x.shape[2]], None, None, eps[0])
        else:  # torch takes one for all
            each = [torch.native_layer_norm(own, [x.shape[2]], None, None, e) for own, e in zip(x, eps, strict=True)]
            self.normalized, self.mean, self.rstd = (torch.stack(parts) for parts in zip(*each, strict=True))
        return torch.mul(self.normalized, self.p["weight"].unsqueeze(1), out=self.space("out", x, *x.shape)).add_(self.p["bias"].unsqueeze(1))

    def backward(self, g: Tensor) -> Tensor | None:
        torch.sum(torch.mul(g, self.normalized, out=self.space("scratch", g, *g.shape)), 1, out=self.g["weight"])
        torch.sum(g, 1, out=self.g["bias"])
        if not self.input_gradient:
            return None
        scaled = g.mul_(self.p["weight"].unsqueeze(1))
        return aten.native_layer_norm_backward(scaled, self.x, [g.shape[2]], self.mean, self.rstd, None, None, [True, False, False])[0]


LAYERS: dict[str, type[Layer]] = {
    "linear": Linear,
    "relu": ReLU,
    "leaky_relu": LeakyReLU,
    "elu": ELU,
    "selu": SELU,
    "gelu": GELU,
    "silu": SiLU,
    "mish": Mish,
    "tanh": Tanh,
    "sigmoid": Sigmoid,
    "softmax": Softmax,
    "log_softmax": LogSoftmax,
    "dropout": Dropout,
    "batch_norm": BatchNorm,
    "layer_norm": LayerNorm,
}
