"""Flow: whose output enters which module, by its graph, by its memory, and where both are lost by its values."""

from __future__ import annotations

import itertools
import weakref
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._pytree import tree_leaves

from gandoctor.backends.discovery.networks import NetworkCall, Source
from gandoctor.backends.discovery.rows import ROWS_COMPARED, share_rows
from gandoctor.backends.torch.players import chain_of, name_of

OUTPUTS_KEPT = 256
"""Outputs that are known again: several steps of networks within networks."""
CALLS_KEPT = 512
"""Different calls that are remembered."""
NODES_MAX = 20_000
"""Nodes of a graph that are looked through for one input."""
CUTS_KEPT = 4
"""Tensors that were cut off their graph since the latest update and are followed: each keeps its graph alive."""
NUMBERS_MAX = 4_194_304
"""Numbers of an output whose rows are compared by value."""


@dataclass(frozen=True, eq=False)
class Seen:
    """What is remembered of a tensor that a network was given or has returned."""

    shape: tuple[int, ...]
    dtype: torch.dtype


@dataclass(frozen=True, eq=False)
class TorchCall(NetworkCall):
    """One call of one module, and where what it was given comes from."""

    sources: tuple[Source, ...] = ()


@dataclass(frozen=True, eq=False)
class _Output:
    """An output that may enter another network; the tensor itself is not kept alive."""

    call: TorchCall
    tensor: Any
    storage: StorageWeakRef
    rows: np.ndarray | None


class Flow:
    """Remembers the calls of modules, each kind of call once, and follows what enters them."""

    def __init__(self) -> None:
        self._calls: dict[Any, TorchCall] = {}
        self._outputs: deque[_Output] = deque(maxlen=OUTPUTS_KEPT)
        self._direct: set[tuple[int, int]] = set()
        self._shown: set[int] = set()
        self._cuts: deque[tuple[StorageWeakRef, Any]] = deque(maxlen=CUTS_KEPT)

    @property
    def calls(self) -> list[NetworkCall]:
        """What is remembered, in the order in which it was first seen."""
        return list(self._calls.values())

    def note(self, network: Any, given: Any, returned: Any, by_value: bool) -> None:
        """Remember a call.

        Args:
            network: A module.
            given: Its arguments.
            returned: What it returned.
            by_value: Whether values are compared where nothing else tells what an input was made of.
        """
        inputs, outputs = batches(given), batches(returned)
        if not inputs or not outputs:
            return
        found: dict[int, Source] = {}
        for tensor in inputs:
            for call in self._made(tensor, network, by_value):
                found[id(call)] = Source(call)
        if all(source.call is None for source in found.values()):
            self._shown.add(id(network))
        key = (id(network), tuple(found), tuple(tuple(t.shape) for t in inputs))
        call = self._calls.get(key)
        if call is None:
            call = TorchCall(network, _seen(inputs), _seen(outputs), sources=tuple(found.values()))
            self._calls[key] = call
            while len(self._calls) > CALLS_KEPT:
                del self._calls[next(iter(self._calls))]
        if len(inputs) == 1:
            self._direct |= {(id(o.call.network), id(network)) for o in self._outputs if _is_same(o, inputs[0])}
        for tensor in outputs:
            rows = _rows(tensor) if by_value else None
            storage = StorageWeakRef(tensor.untyped_storage())
            self._outputs.append(_Output(call, weakref.ref(tensor), storage, rows))

    def cut(self, detached: torch.Tensor, node: Any) -> None:
        """Remember the graph that a tensor was cut off, such as fakes that were joined with what was known of them."""
        self._cuts.append((StorageWeakRef(detached.untyped_storage()), node))

    def returned(self) -> list[tuple[Any, np.ndarray]]:
        """Return networks, and the first rows of what each has returned, channels last: of all that are compared."""
        return [(output.call.network, output.rows) for output in self._outputs if output.rows is not None]

    def feeds_directly(self, earlier: Any, later: Any) -> bool:
        """Tell whether a network's output, and nothing else, was all that another was given."""
        return (id(earlier), id(later)) in self._direct

    def shown_since_update(self) -> frozenset[int]:
        """Return the networks, by id, that were given what no network has made since the latest update."""
        return frozenset(self._shown)

    def updated(self) -> None:
        """An update was made."""
        self._shown.clear()
        self._cuts.clear()

    def forget(self) -> None:
        """Forget everything."""
        self._calls.clear()
        self._outputs.clear()
        self._shown.clear()
        self._cuts.clear()

    def _made(self, tensor: Any, network: Any, by_value: bool) -> Sequence[TorchCall | None]:
        """Return the calls that have made a tensor; None for what comes from elsewhere."""
        others = [o for o in self._outputs if o.call.network is not network]
        storage = tensor.untyped_storage()._cdata
        made = [o.call for o in others if o.storage.cdata == storage and not o.storage.expired()]
        made = made or self._made_in_graph(tensor.grad_fn or self._node_before_cut(storage), network, others)
        if made or not by_value:
            return made or [None]
        given, rank = len(tensor), tensor.dim()
        comparable = any(o.rows is not None and o.rows.ndim == rank for o in others)
        rows = _rows(tensor, all_of_them=True) if comparable else None
        alike = [o for o in others if share_rows(o.rows, rows)]
        count = sum({id(o.call): o.call.outputs[0].shape[0] for o in alike}.values())
        return [o.call for o in alike] if alike and count >= given else [*(o.call for o in alike), None]

    def _node_before_cut(self, storage: int) -> Any:
        """Return where the graph ended that the numbers in a storage were cut off; None where they were not."""
        return next((node for cut, node in self._cuts if cut.cdata == storage and not cut.expired()), None)

    def _made_in_graph(self, end: Any, network: Any, others: list[_Output]) -> list[TorchCall]:
        """Walk back to the first outputs on every way; of one that is gone, to the weights that have made it."""
        if end is None:
            return []
        nodes: dict[Any, list[TorchCall]] = {}
        for output in others:
            alive = output.tensor()
            if alive is not None and alive.grad_fn is not None:
                nodes.setdefault(alive.grad_fn, []).append(output.call)
        found: dict[int, TorchCall] = {}
        leaves: set[int] = set()
        known: set[Any] = set()
        waiting = [end]
        while waiting and len(known) < NODES_MAX:
            node = waiting.pop()
            if node is None or node in known:
                continue
            known.add(node)
            if node in nodes:
                found |= {id(call): call for call in nodes[node]}
                continue
            leaves.add(id(getattr(node, "variable", None)))
            waiting += [following for following, _ in node.next_functions]
        if found:
            return list(found.values())
        latest = {id(o.call.network): o.call for o in others if leaves & weights(o.call.network)}
        own = weights(network)
        return _last([call for call in latest.values() if not own & weights(call.network)])


class TorchNetworks:
    """The networks of PyTorch; see `backends.discovery.networks.Networks`.

    Args:
        flow: Knows which network feeds which one directly.
    """

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._weights: dict[int, tuple[Any, frozenset[int]]] = {}
        self._modules: dict[int, tuple[Any, frozenset[int]]] = {}

    def sources(self, call: Any, calls: Sequence[Any]) -> Sequence[Source]:
        """Return what was found out when it was called."""
        own: tuple[Source, ...] = call.sources
        return own

    def weights(self, network: Any) -> frozenset[int]:
        """See `weights`."""
        if id(network) not in self._weights:
            self._weights[id(network)] = network, weights(network)
        return self._weights[id(network)][1]

    def contains(self, outer: Any, part: Any) -> bool:
        """Look through the modules."""
        if id(outer) not in self._modules:
            self._modules[id(outer)] = outer, frozenset(id(module) for module in outer.modules())
        return outer is not part and id(part) in self._modules[id(outer)][1]

    def is_trainable(self, network: Any) -> bool:
        """Frozen parameters require no gradient."""
        return any(p.requires_grad for p in network.parameters())

    def joined(self, networks: Sequence[Any], main: Any) -> Any:
        """Join those that feed each other directly; what is computed between them is unknown."""
        pairs = itertools.pairwise(networks)
        return chain_of(networks) if all(self._flow.feeds_directly(*pair) for pair in pairs) else main

    def name(self, network: Any) -> str:
        """Return its class."""
        return name_of(network)


def weights(network: Any) -> frozenset[int]:
    """Return the parameters of a module, by id.

    Left out are those that need no gradient beside ones that do: spectral norm by hand keeps its vectors so, and a
    program may give its optimizer only what needs one. A network that is frozen as a whole keeps all of them.
    """
    found: set[int] = set()
    for module in network.modules():
        own = list(module.parameters(recurse=False))
        moved = [p for p in own if p.requires_grad]
        found |= {id(p) for p in moved or own}
    return frozenset(found)


def batches(values: Any) -> list[torch.Tensor]:
    """Return the tensors with rows among arguments or outputs."""
    return [t for t in tree_leaves(values) if isinstance(t, torch.Tensor) and t.dim() >= 1 and not t.is_sparse]


def _last(calls: list[TorchCall]) -> list[TorchCall]:
    """Leave out calls whose output entered another one of the list: only the last ones feed what is asked for."""
    earlier = {id(source.call) for call in calls for source in call.sources}
    return [call for call in calls if id(call) not in earlier]


def _is_same(output: _Output, tensor: torch.Tensor) -> bool:
    return len(output.call.outputs) == 1 and output.tensor() is tensor


def _seen(tensors: Iterable[torch.Tensor]) -> tuple[Seen, ...]:
    return tuple(Seen(tuple(t.shape), t.dtype) for t in tensors)


def _rows(tensor: torch.Tensor, all_of_them: bool = False) -> np.ndarray | None:
    if not tensor.is_floating_point() or tensor.numel() > NUMBERS_MAX or tensor.dim() < 2:
        return None
    rows = tensor.detach() if all_of_them else tensor.detach()[:ROWS_COMPARED]
    array: np.ndarray = rows.float().cpu().numpy()
    return np.moveaxis(array, 1, -1) if array.ndim > 2 else array.copy()
