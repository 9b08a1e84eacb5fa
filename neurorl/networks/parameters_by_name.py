"""Constants of a network by name: what a sweep, a fit or a copy changes."""

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from neurorl.errors import NeurorlError, nearest

if TYPE_CHECKING:
    from neurorl.networks.network import Network


def changed(network: "Network", parameters: Mapping[str, Any]) -> "Network":
    """Return the network with other constants; see :meth:`Network.with_parameters`."""
    description = network.description
    config, populations, pathways = description.config, dict(network.populations), list(network.pathways)
    for name, value in parameters.items():
        where, _, path = name.partition(".")
        if not path:
            raise NeurorlError(f"'parameters' has {name!r}; give population.field, source -> target.field or config.field")
        source, arrow, target = (part.strip() for part in where.partition("->"))
        if where == "config":
            config = _replaced(config, path, value, name)
        elif arrow:
            numbers = [k for k, p in enumerate(pathways) if (p.source, p.target) == (source, target)]
            if not numbers:
                raise NeurorlError(f"'parameters' has {name!r}, and there is no pathway from '{source}' to '{target}'")
            for k in numbers:
                pathways[k] = _replaced(pathways[k], f"plasticity.{path}", value, name)
        else:
            population = populations[network.find(source).name]
            inner = path if path.startswith("noise.") else f"neuron.{path}"
            populations[source] = _replaced(population, inner, value, name)
    return type(network).from_description(type(description)(config, tuple(populations.values()), tuple(pathways)))


def _replaced(group: Any, path: str, value: Any, name: str) -> Any:
    """Return a group of constants with the one at ``path`` replaced; its check is the group's own."""
    field, _, rest = path.partition(".")
    fields = [f.name for f in dataclasses.fields(group)] if dataclasses.is_dataclass(group) else []
    if field not in fields:
        raise NeurorlError(f"'parameters' has {name!r}; there is no '{field}' but {', '.join(fields)}{nearest(field, fields)}")
    new = _replaced(getattr(group, field), rest, value, name) if rest else value
    return dataclasses.replace(group, **{field: new})
