"""A population of a network: so many neurons of one model, and the part they play."""

import dataclasses
from typing import Any

import numpy as np

from neurorl.errors import NeurorlError, nearest
from neurorl.neurons import neuron
from neurorl.neurons.noise import NoiseCurrent

KINDS = ("sensory", "excitatory", "inhibitory", "motor")


@dataclasses.dataclass(frozen=True)
class Population:
    """The part a population plays decides the sign of its synapses: only inhibitory neurons inhibit (Dale's principle).

    Two are equal, and stand for each other in a mapping, if they have one name, size and kind.
    """

    name: str
    size: int  # neurons
    kind: str  # one of KINDS
    neuron: Any = dataclasses.field(compare=False)  # model, see ``neurorl.neurons.neuron``
    noise: NoiseCurrent | None = dataclasses.field(default=None, compare=False)  # what comes from all that is not modelled

    def __post_init__(self) -> None:
        """Raise a NeurorlError that names the field, the value and the fix."""
        if self.kind not in KINDS:
            raise NeurorlError(f"'kind' is {self.kind!r}; it must be one of {', '.join(KINDS)}{nearest(str(self.kind), KINDS)}")
        if not isinstance(self.size, int | np.integer) or isinstance(self.size, bool) or self.size < 1:
            raise NeurorlError(f"'size' of population '{self.name}' is {self.size!r}; it must be a whole number of at least 1")
        object.__setattr__(self, "size", int(self.size))
        neuron.check(self.neuron)

    @property
    def inhibitory(self) -> bool:
        """Whether its synapses inhibit."""
        return self.kind == "inhibitory"

    def init(self) -> Any:
        """Return its neurons at rest."""
        return self.neuron.init(self.size)
