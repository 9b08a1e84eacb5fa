"""A NIR file run by another simulator, in that simulator's own environment: what ``experiments.nir_players`` speaks to.

    PEER_PYTHON experiments/simulators/nir_peer.py SIMULATOR FILE DT

Imports the package ``nir``, NumPy and the simulator, and nothing of neurorl. It writes one line of JSON with the versions. Then,
for each environment step, it reads a line of JSON, ``{"shape": [steps, episodes, n], "anew": whether the neurons begin at rest,
"repeat": how often the rows come}``, and the rows as float32. It answers with the output likewise. DT is in seconds.
"""

import contextlib
import importlib.metadata
import json
import sys
import warnings
from collections.abc import Callable
from typing import Any

import nir
import numpy as np

Run = Callable[[np.ndarray, int, bool], np.ndarray]


def norse(graph: Any, dt: float) -> Run:
    """Return what runs a graph in Norse."""
    import torch
    from norse.torch import from_nir

    torch.set_num_threads(1)
    module, state = from_nir(graph, ignore_warnings=True, dt=dt), None

    def run(rows: np.ndarray, repeat: int, anew: bool) -> np.ndarray:
        nonlocal state
        state = None if anew else state
        outputs = []
        with torch.no_grad():
            for row in torch.from_numpy(rows).repeat(repeat, 1, 1):
                output, state = module(row, state)
                outputs.append(output.numpy())
        return np.stack(outputs)

    return run


def snntorch(graph: Any, dt: float) -> Run:
    """Return what runs a graph in snnTorch, which takes every graph for a step of 0.1 ms."""
    import torch
    from snntorch import utils
    from snntorch.import_nir import import_from_nir

    torch.set_num_threads(1)
    if abs(dt - 1e-4) > 1e-9:
        raise SystemExit(f"snnTorch reads a graph for a step of 0.1 ms, not {1000 * dt} ms")
    module, passed = import_from_nir(graph), None
    utils.reset(module)

    def run(rows: np.ndarray, repeat: int, anew: bool) -> np.ndarray:
        nonlocal passed  # what recurrent synapses were given last; membranes are in the module
        outputs = []
        if anew:
            utils.reset(module)
            passed = None
        with torch.no_grad():
            for row in torch.from_numpy(rows).repeat(repeat, 1, 1):
                output, passed = module(row, passed)
                outputs.append(output.numpy())
        return np.stack(outputs)

    return run


def spyx(graph: Any, dt: float) -> Run:
    """Return what runs a graph in Spyx."""
    import jax
    from flax import nnx
    from spyx.nir import from_nir

    size = int(graph.nodes["input"].input_type["input"][0])
    model, _ = from_nir(graph, np.zeros((1, 1, size), np.float32), dt=dt)
    definition, weights = nnx.split(model)
    state: Any = None

    @jax.jit
    def advance(state: Any, rows: Any) -> Any:
        def one(state: Any, row: Any) -> Any:
            output, state = nnx.merge(definition, weights)(row, state)
            return state, output

        return jax.lax.scan(one, state, rows)

    @jax.jit
    def hold(state: Any, row: Any, steps: Any) -> Any:
        def one(state: Any, _: Any) -> Any:
            output, state = nnx.merge(definition, weights)(row, state)
            return state, output

        return jax.lax.scan(one, state, steps)

    def run(rows: np.ndarray, repeat: int, anew: bool) -> np.ndarray:
        nonlocal state
        if state is None or anew:
            state = model.initial_state(rows.shape[1])
        if len(rows) == 1:
            state, outputs = hold(state, rows[0], np.zeros(repeat))
        else:
            state, outputs = advance(state, np.tile(rows, (repeat, 1, 1)))
        return np.asarray(outputs)

    return run


SIMULATORS = {"norse": norse, "snntorch": snntorch, "spyx": spyx}


def main() -> None:
    name, file, dt = sys.argv[1:]
    warnings.simplefilter("ignore")
    with contextlib.redirect_stdout(sys.stderr):  # snnTorch prints as it reads
        run = SIMULATORS[name](nir.read(file), float(dt))
    versions = {package: importlib.metadata.version(package) for package in (name, "nir")}
    answer, asked = sys.stdout.buffer, sys.stdin.buffer
    answer.write(json.dumps(versions).encode() + b"\n")
    answer.flush()
    while line := asked.readline():
        message = json.loads(line)
        size = 4 * int(np.prod(message["shape"]))
        rows = np.frombuffer(bytearray(asked.read(size)), np.float32).reshape(message["shape"])
        outputs = np.ascontiguousarray(run(rows, message["repeat"], message["anew"]), np.float32)
        answer.write(json.dumps({"shape": outputs.shape}).encode() + b"\n" + outputs.tobytes())
        answer.flush()


if __name__ == "__main__":
    main()
