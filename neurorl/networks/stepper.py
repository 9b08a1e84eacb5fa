"""A network advanced by a call a step, with its state packed from one call to the next.

A jitted call takes microseconds for each array that it is given or returns, and a small network's step no longer than that. So
what passes from call to call is a few arrays (``neurorl/state_packer.py``), and beside them the spikes, which are read each time.
"""

from typing import TYPE_CHECKING, Any

import jax
from jax import Array

from neurorl.kernels import one_function
from neurorl.networks import dynamics
from neurorl.networks.dynamics import NetworkState
from neurorl.state_packer import StatePacker

if TYPE_CHECKING:
    from neurorl.networks.network import Network

SMALL = 1024  # entries of an array that is worth bundling
Inputs = dict[str, Array]  # by population, or amounts by modulator


class Packed:
    """A state as few arrays, and who packed it."""

    def __init__(self, stepper: "Stepper", arrays: tuple[list[Array], Array]):
        """Hold what ``Stepper.pack`` returned."""
        self.stepper, self.arrays = stepper, arrays

    def fields(self, names: tuple[str, ...]) -> dict[str, Any]:
        """Return fields of the state."""
        with jax.ensure_compile_time_eval():  # a state outlives the trace of a program in which it is read
            return self.stepper.unpack(self.arrays, names)


class Stepper:
    """The compiled step of a network."""

    def __init__(self, network: "Network"):
        """Prepare for the states of a network as it is now."""
        self._network = network
        self._packer = StatePacker(jax.eval_shape(network.init), axes=0, small=SMALL)
        self.pack = jax.jit(self._packer.pack)
        self.unpack = jax.jit(self._unpack, static_argnums=1)
        self._plain = jax.jit(self._advance)
        self._step = one_function.jitted(self.advance_packed)

    def __call__(self, state: NetworkState, current: Inputs, spikes: Inputs, release: Inputs) -> NetworkState:
        """Return the state after a step."""
        packed = state.packed
        if packed is not None and packed.stepper is self:
            arrays = packed.arrays
        else:
            self._network.check_state(state)
            if not self._packer.fits(state):  # it is traced, or somebody gave it other types
                return self._plain(state, current, spikes, release)
            arrays = self.pack(state)
        arrays, fired = self._step(arrays, current, spikes, release)
        if isinstance(arrays[1], jax.core.Tracer):
            return self._packer.unpack(arrays)
        return NetworkState.of({"spikes": fired}, Packed(self, arrays))

    def _advance(self, state: NetworkState, current: Inputs, spikes: Inputs, release: Inputs) -> NetworkState:
        for modulator, amount in release.items():
            state = self._network.release(state, modulator, amount)
        return dynamics.advance(self._network, state, current, spikes)

    def advance_packed(self, arrays: Any, *inputs: Inputs) -> tuple[Any, Inputs]:
        """Return what ``pack`` makes of the state after a step, and the spikes: the program that is compiled."""
        after = self._advance(self._packer.unpack(arrays), *inputs)
        # Computed as they are without packing, and then packed: fused into it they would be rounded otherwise.
        after = jax.lax.optimization_barrier(after._replace(key=()))._replace(key=after.key)
        return self._packer.pack(after), after.spikes

    def _unpack(self, arrays: Any, names: tuple[str, ...]) -> dict[str, Any]:
        state = self._packer.unpack(arrays)
        return {name: getattr(state, name) for name in names}
