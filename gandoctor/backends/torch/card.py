"""The model card of a PyTorch network, in the words of the manifest, which are Keras's; shapes have channels last."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves

from gandoctor.backends.torch.stand_ins import standing_in
from gandoctor.message import Message
from gandoctor.networks.output_reach import reach_of
from gandoctor.store import LayerCard, PlayerCard
from gandoctor.store.player_card import OVER_BATCH

_TYPES = {
    "Linear": "Dense",
    "Conv1d": "Conv1D",
    "Conv2d": "Conv2D",
    "Conv3d": "Conv3D",
    "ConvTranspose1d": "Conv1DTranspose",
    "ConvTranspose2d": "Conv2DTranspose",
    "ConvTranspose3d": "Conv3DTranspose",
    "BatchNorm1d": "BatchNormalization",
    "BatchNorm2d": "BatchNormalization",
    "BatchNorm3d": "BatchNormalization",
    "SyncBatchNorm": "BatchNormalization",
    "LayerNorm": "LayerNormalization",
    "GroupNorm": "GroupNormalization",
    "Dropout1d": "SpatialDropout1D",
    "Dropout2d": "SpatialDropout2D",
    "Dropout3d": "SpatialDropout3D",
    "Upsample": "UpSampling2D",
    "UpsamplingNearest2d": "UpSampling2D",
    "UpsamplingBilinear2d": "UpSampling2D",
    "PixelShuffle": "ops.DepthToSpace",
    "MaxPool2d": "MaxPooling2D",
    "AvgPool2d": "AveragePooling2D",
    "AdaptiveAvgPool2d": "GlobalAveragePooling2D",
    "Unflatten": "Reshape",
    "Tanh": "Activation",
    "Sigmoid": "Activation",
    "Softplus": "Activation",
    "GELU": "Activation",
    "SiLU": "Activation",
    "Mish": "Activation",
    "Hardtanh": "Activation",
}
"""Module -> layer; modules of the same name in both, such as ReLU, LeakyReLU, Flatten and Embedding, are left out."""
_ACTIVATIONS = {"Tanh": "tanh", "Sigmoid": "sigmoid", "Softplus": "softplus", "GELU": "gelu", "SiLU": "silu"}
_SETTINGS = {
    "out_features": "units",
    "out_channels": "filters",
    "kernel_size": "kernel_size",
    "stride": "strides",
    "p": "rate",
    "eps": "epsilon",
    "negative_slope": "negative_slope",
    "groups": "groups",
    "scale_factor": "size",
}
_FUNCTIONS = {
    "relu": "ops.Relu",
    "leaky_relu": "ops.LeakyRelu",
    "tanh": "ops.Tanh",
    "sigmoid": "ops.Sigmoid",
    "softplus": "ops.Softplus",
    "elu": "ops.Elu",
    "selu": "ops.Selu",
    "softmax": "ops.Softmax",
    "interpolate": "ops.ResizeNearestNeighbor",
    "pixel_shuffle": "ops.DepthToSpace",
    "cat": "ops.ConcatV2",
    "add": "ops.Add",
    "mul": "ops.Mul",
    "sub": "ops.Sub",
    "div": "ops.RealDiv",
    "view": "Reshape",
    "reshape": "Reshape",
    "flatten": "Flatten",
    "mean": "ops.Mean",
}
"""Function or method -> operation, as a Keras network computes it outside of its layers."""
_OPTIMIZER = ("momentum", "nesterov", "eps", "weight_decay", "amsgrad", "alpha", "centered")
_OPTIMIZER_NAMES = {"eps": "epsilon", "alpha": "rho"}


def declared(network: torch.nn.Module, optimizer: Any) -> PlayerCard:
    """Describe a network whose calls have not been seen: its modules in the order in which it lists them.

    Of modules in sequence that is the order of the calls.
    """
    card = _empty(network, optimizer)
    leaves = _leaves(network)
    card.layers = [_layer(m, name, None, None) for name, m in leaves]
    if _is_sequence(network, [module for _, module in leaves]):
        for i, layer in enumerate(card.layers):
            layer.inputs = (i - 1,)
        card.order, card.outputs = "called", (len(card.layers) - 1,)
        card.reach = reach_of(card)
        return card
    card.order = "declared"
    card.order_note = Message("the {network} has not been called yet", network=card.name)
    return card


def called(
    network: torch.nn.Module,
    optimizer: Any,
    given: tuple[Any, ...],
    kwargs: dict[str, Any],
    main_of: Callable[[Any], Any] = lambda output: None,
) -> PlayerCard:
    """Describe a network by the order of its calls; it is called once, on what it was given, and left as it was.

    Args:
        network: In whatever mode; to be called with the hooks and random state of the user's put aside.
        optimizer: What trains it, or None.
        given: The arguments of the call.
        kwargs: Its keyword arguments.
        main_of: Returns the tensor that counts of what it has returned.
    """
    card = _empty(network, optimizer)
    trace = _Trace(network)
    tensors = [t for t in (*given, *kwargs.values()) if isinstance(t, torch.Tensor)]
    trace.positions = {id(t): -1 for t in tensors}
    trace.kept = list(tensors)
    trace.batch = len(tensors[0]) if tensors and tensors[0].dim() else None
    try:
        with torch.no_grad(), trace, standing_in(network, _copies(network)):
            output = network(*given, **kwargs)
    finally:
        trace.remove()
    main = main_of(output)
    outputs = [t for t in tree_leaves(output) if isinstance(t, torch.Tensor)]
    outputs.sort(key=lambda t: t is not main)  # it comes first
    found = [trace.positions.get(id(t)) for t in outputs]
    card.layers = trace.cards
    card.input_shapes = tuple(_shape(t) for t in tensors)
    if trace.is_whole and None not in found:
        card.order, card.outputs = "called", tuple(p for p in found if p is not None)
    else:
        card.order = "declared"
        card.order_note = Message("some of its calls could not be followed")
        for layer in card.layers:
            layer.inputs = None
    card.reach = reach_of(card)
    return card


def _copies(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Return copies to call a network with: it may write to its own in every mode, as power iterations do."""
    values: dict[str, torch.Tensor] = {
        name: torch.nn.Parameter(p.detach().clone(), requires_grad=False)
        for name, p in network.named_parameters()
        if not _is_lazy(p)
    }
    return values | {name: buffer.detach().clone() for name, buffer in network.named_buffers()}


class _Trace(TorchFunctionMode):
    """Follows a call: modules without children, and the functions between them.

    Attributes:
        cards: Of the calls so far.
        positions: Id of a tensor -> position of the card that returned it.
        is_whole: Whether it is known of every call what its inputs are.
        batch: Examples that the network was given; None if unknown.
    """

    def __init__(self, network: torch.nn.Module) -> None:
        super().__init__()
        self.cards: list[LayerCard] = []
        self.positions: dict[int, int] = {}
        self.kept: list[Any] = []
        self.is_whole = True
        self.batch: int | None = None
        self._inside = 0
        self._handles: list[Any] = []
        for name, module in _leaves(network):
            self._handles.append(module.register_forward_pre_hook(self._enter))
            self._handles.append(module.register_forward_hook(_leaving(self, name)))

    def remove(self) -> None:
        for handle in self._handles:
            handle.remove()

    def _enter(self, module: Any, args: Any) -> None:
        self._inside += 1

    def left(self, name: str, module: Any, args: Any, output: Any) -> None:
        self._inside -= 1
        card = _layer(module, name, output, self._inputs(args))
        if _runs_over_batch(module, args, self.batch):
            card.settings[OVER_BATCH] = True
        self._add(card, output)

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        output = function(*args, **(kwargs or {}))
        if self._inside or not isinstance(output, torch.Tensor):
            return output
        flat = [a for arg in args for a in (arg if isinstance(arg, list | tuple) else (arg,))]
        given = [a for a in flat if isinstance(a, torch.Tensor) and id(a) in self.positions]
        called = getattr(function, "__name__", "")
        in_place = called.endswith("_") and not called.endswith("__")
        name = called.removesuffix("_") if in_place else called
        if not given:
            return output
        if name in _FUNCTIONS:
            card = LayerCard(name=name, type=_FUNCTIONS[name], output_shape=_shape(output), inputs=self._inputs(flat))
            if name == "leaky_relu":
                slope = args[1] if len(args) > 1 else (kwargs or {}).get("negative_slope", 0.01)
                card.settings["negative_slope"] = float(slope)
            self._add(card, output)
        elif name in _PASSING or (output is given[0] and not in_place):
            self.positions[id(output)] = self.positions[id(given[0])]
            self.kept.append(output)
        else:
            self._add(
                LayerCard(name=name, type=f"ops.{name}", output_shape=_shape(output), inputs=self._inputs(flat)), output
            )
        return output

    def _inputs(self, args: Any) -> tuple[int, ...] | None:
        tensors = [a for a in args if isinstance(a, torch.Tensor) and not isinstance(a, torch.nn.Parameter)]
        found = [self.positions.get(id(t)) for t in tensors]
        if None in found:
            self.is_whole = False
            return None
        return tuple(p for p in found if p is not None)

    def _add(self, card: LayerCard, output: Any) -> None:
        self.cards.append(card)
        for tensor in output if isinstance(output, list | tuple) else (output,):
            if isinstance(tensor, torch.Tensor):
                self.positions[id(tensor)] = len(self.cards) - 1
                self.kept.append(tensor)  # so that its id stays its own


_PASSING = frozenset(("squeeze", "unsqueeze", "contiguous", "to", "float", "detach", "clone", "permute", "transpose"))


def _leaving(trace: _Trace, name: str) -> Any:
    return lambda module, args, output: trace.left(name, module, args, output)


def _leaves(network: torch.nn.Module) -> list[tuple[str, torch.nn.Module]]:
    """Return path and module of what has no modules within, parametrisations apart, and of PyTorch's own."""
    found = []
    for name, module in network.named_modules():
        inner = [child for key, child in module.named_children() if key != "parametrizations"]
        if ".parametrizations" in f".{name}" or (inner and module is not network) or (inner and module is network):
            continue
        found.append((name or type(network).__name__, module))
    return found


def _is_sequence(network: torch.nn.Module, leaves: list[torch.nn.Module]) -> bool:
    """Tell whether a network is nothing but modules of PyTorch's own that are called one after the other."""
    containers = [m for m in network.modules() if next(m.children(), None) is not None]
    return (
        bool(leaves)
        and all(type(m) is torch.nn.Sequential for m in containers)
        and len(leaves) == len([m for m in network.modules() if next(m.children(), None) is None])
    )


def _empty(network: torch.nn.Module, optimizer: Any) -> PlayerCard:
    card = PlayerCard(name=type(network).__name__)
    card.parameters = sum(p.numel() for p in network.parameters() if not _is_lazy(p))
    card.optimizer = {} if optimizer is None else describe_optimizer(optimizer)
    return card


def _layer(module: torch.nn.Module, name: str, output: Any, inputs: tuple[int, ...] | None) -> LayerCard:
    kind = type(module).__name__
    if type(module).__module__.startswith("torch.nn.utils.parametrize"):
        kind = type(module).__mro__[1].__name__
    path, _, own = name.rpartition(".")
    first = output[0] if isinstance(output, list | tuple) else output
    return LayerCard(
        name=own,
        type=_TYPES.get(kind, kind),
        settings=_settings(module, kind),
        output_shape=_shape(first) if isinstance(first, torch.Tensor) else None,
        parameters=sum(p.numel() for p in module.parameters(recurse=False) if not _is_lazy(p)),
        path=path.replace(".", "/"),
        wrappers=("SpectralNormalization",) if _is_spectral(module) else (),
        inputs=inputs,
    )


def _settings(module: torch.nn.Module, kind: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for ours, theirs in _SETTINGS.items():
        value = getattr(module, ours, None)
        if isinstance(value, bool | int | float):
            found[theirs] = value
        elif isinstance(value, tuple):
            found[theirs] = tuple(int(v) if float(v).is_integer() else float(v) for v in value)
    if kind.startswith("BatchNorm"):
        # PyTorch's momentum is the share of the new batch, Keras's that of what is kept.
        momentum = getattr(module, "momentum", None)
        found["momentum"] = 1.0 - momentum if momentum is not None else None
        found.pop("size", None)
    if kind in _ACTIVATIONS:
        found["activation"] = _ACTIVATIONS[kind]
    if found.get("groups") == 1:
        del found["groups"]
    if kind.startswith("Dropout") is False:
        found.pop("rate", None)
    return {name: value for name, value in found.items() if value is not None}


def _runs_over_batch(module: torch.nn.Module, args: Any, batch: int | None) -> bool:
    """Tell whether a recurrent layer takes the batch for time: the first axis is time to it, unless told otherwise."""
    if not isinstance(module, torch.nn.RNNBase) or module.batch_first or not args or not hasattr(args[0], "dim"):
        return False
    given = args[0]
    return bool(given.dim() == 3 and given.shape[0] == batch and given.shape[1] != batch)


def _is_spectral(module: torch.nn.Module) -> bool:
    if any(type(hook).__name__ == "SpectralNorm" for hook in module._forward_pre_hooks.values()):
        return True
    inner = getattr(module, "parametrizations", None)
    return inner is not None and any("SpectralNorm" in type(m).__name__ for m in inner.modules())


def _shape(tensor: torch.Tensor) -> tuple[int | None, ...]:
    shape = tuple(int(n) for n in tensor.shape)
    if len(shape) == 4:
        return (None, *shape[2:], shape[1])
    return (None, *shape[1:])


def _is_lazy(parameter: Any) -> bool:
    return isinstance(parameter, torch.nn.parameter.UninitializedParameter)


def describe_optimizer(optimizer: Any) -> dict[str, Any]:
    """Return class, learning rate and settings of an optimizer, by the names that Keras has for them."""
    group = optimizer.param_groups[0]
    card: dict[str, Any] = {"type": type(optimizer).__name__, "learning_rate": float(group["lr"])}
    if "betas" in group:
        card["beta_1"], card["beta_2"] = (float(beta) for beta in group["betas"])
    for name in _OPTIMIZER:
        value = group.get(name)
        if value:
            card[_OPTIMIZER_NAMES.get(name, name)] = value if isinstance(value, bool) else float(value)
    return card
