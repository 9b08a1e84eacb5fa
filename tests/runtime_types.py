"""The shapes and dtypes of the annotations, checked in every call of the substrate while the tests run.

``conftest`` installs the hook before anything of neurorl is imported. What is no array is left alone: the library checks itself
what a person gives it, and answers with a NeurorlError. So are fields of parameter groups, which JAX fills with what it likes.
"""

import sys
import typing

from beartype import BeartypeConf, beartype
from jaxtyping import AbstractArray, install_import_hook

SUBSTRATE = ("neurons", "synapses", "codes", "plasticity", "homeostasis", "neuromodulation")
BEARTYPE = beartype(conf=BeartypeConf(is_pep484_tower=True))  # a whole number is a float


def install():
    """Check the calls of all modules of the substrate that are imported from now on."""
    packages = [f"neurorl.{name}" for name in SUBSTRATE]
    early = [name for name in sys.modules if name.startswith(tuple(packages))]
    assert not early, f"imported before the hook, hence unchecked: {early}"
    install_import_hook(packages, "tests.runtime_types.check")


def check(function):
    """Return a function that raises where an array, or a group of them, is not what its annotation says."""
    hints = {name: hint for name, hint in function.__annotations__.items() if of_arrays(hint)}
    if not hints or function.__name__ == "__init__":
        return function
    function.__annotations__ = hints
    return BEARTYPE(function)


def of_arrays(hint):
    """Return whether a type, or a part of it, is one of jaxtyping."""
    if isinstance(hint, type) and issubclass(hint, AbstractArray):
        return True
    return any(of_arrays(part) for part in typing.get_args(hint))
