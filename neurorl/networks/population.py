"""A population of a network: so many neurons of one model, and the part they play."""

import dataclasses
from typing import Any

from neurorl.errors import NeurorlError, nearest
from neurorl.networks.models import NeuronParameters, module_of

KINDS = ("sensory", "excitatory", "inhibitory", "motor")


@dataclasses.dataclass(frozen=True)
class Population:
    """The part a population plays decides the sign of its synapses: only inhibitory neurons inhibit (Dale's principle)."""

    name: str
    size: int  # neurons
    kind: str  # one of KINDS
    neuron: NeuronParameters

    def __post_init__(self) -> None:
        """Raise a NeurorlError that names the field, the value and the fix."""
        if self.kind not in KINDS:
            raise NeurorlError(f"'kind' is {self.kind!r}; it must be one of {', '.join(KINDS)}{nearest(str(self.kind), KINDS)}")
        if not isinstance(self.size, int) or isinstance(self.size, bool) or self.size < 1:
            raise NeurorlError(f"'size' of population '{self.name}' is {self.size!r}; it must be a whole number of at least 1")
        module_of(self.neuron)

    @property
    def inhibitory(self) -> bool:
        """Whether its synapses inhibit."""
        return self.kind == "inhibitory"

    def init(self) -> Any:
        """Return its neurons at rest."""
        return module_of(self.neuron).init(self.size, self.neuron)
