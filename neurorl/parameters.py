"""Hyperparameters: documented dataclass fields that check themselves and round-trip through JSON.

A parameter group is a ``flax.struct`` dataclass whose fields are made by :func:`parameter`. Numeric fields are pytree
leaves, so a group can be a jit argument and a `vmap` axis; ``static`` fields decide shapes or code and are compiled in.
"""

import dataclasses
import math
from typing import Any, TypeVar

import jax
import numpy as np
from flax import struct

from neurorl.errors import NeurorlError, nearest

Group = TypeVar("Group")


def parameter(
    default: Any,
    help: str,
    *,
    low: float | None = None,
    high: float | None = None,
    above: float | None = None,
    choices: tuple[Any, ...] | None = None,
    static: bool = False,
    optional: bool = False,
) -> Any:
    """Declare a field of a parameter group.

    Args:
        default: Value when nothing else is said; its type is the field's type.
        help: One sentence with the unit, shown by ``neurorl list``.
        low, high: Inclusive bounds of a number.
        above: Exclusive lower bound of a number.
        choices: The values allowed.
        static: True for what decides shapes or code: it is compiled in, and cannot be a batch axis.
        optional: Whether None (JSON null) is allowed too.
    """
    checks = {"help": help, "low": low, "high": high, "above": above, "choices": choices, "optional": optional, "static": static}
    return struct.field(pytree_node=not static, default=default, metadata=checks)


class Checked:
    """A parameter group whose values are checked when it is made, batches of numbers (arrays) too.

    Inherit beside ``@struct.dataclass``. Checked is what a person writes: numbers, text, tuples and NumPy arrays; NumPy's scalars
    become Python's. JAX makes groups too, of tracers, of gradients (which may be of any sign), and of axes for ``vmap``
    (with None in some field): they pass.
    """

    def __post_init__(self) -> None:
        """Raise a NeurorlError that names the field, the value and the fix."""
        fields = [f for f in dataclasses.fields(self) if "help" in f.metadata]  # type: ignore[arg-type]
        values = {f.name: getattr(self, f.name) for f in fields}
        if any(values[f.name] is None and f.default is not None and not f.metadata["optional"] for f in fields):
            return  # axes for vmap, not values
        for field in fields:
            value, where = values[field.name], f"{type(self).__name__}.{field.name}"
            if isinstance(value, np.ndarray) and value.ndim and not field.metadata.get("static"):
                _check_array(where, value, field)
            elif value is not None and _is_plain(value):
                checked = check(where, value, field.default, field.metadata, convert=False)
                if type(checked) is not type(value):
                    object.__setattr__(self, field.name, checked)


def is_written(*values: Any) -> bool:
    """Return whether all values are numbers or NumPy arrays, which a person wrote, and nothing that JAX made."""
    return all(isinstance(v, int | float | np.ndarray | np.number) and not isinstance(v, bool) for v in values)


def _check_array(where: str, values: np.ndarray, field: Any) -> None:
    """Raise a NeurorlError unless an array stands for a number and each of its numbers is finite and within the bounds."""
    if not _is_number(field.default) or values.dtype.kind not in "iuf":
        raise NeurorlError(f"'{where}' is an array of {values.dtype}; it must be a {type(field.default).__name__}")
    if not np.isfinite(values).all():
        raise NeurorlError(f"'{where}' is {values[~np.isfinite(values)][0]}; it must be a finite number")
    for wrong, words in _bounds(values, field.metadata):
        if np.any(wrong):
            raise NeurorlError(f"'{where}' is {values[wrong][0]}; it must be {words}")


def _bounds(value: Any, metadata: Any) -> list[tuple[Any, str]]:
    """Return, for each bound that there is, whether a number or an array breaks it, and what it asks for."""
    low, high, above = (metadata.get(bound) for bound in ("low", "high", "above"))
    broken = []
    if low is not None:
        broken.append((value < low, f"at least {low}"))
    if high is not None:
        broken.append((value > high, f"at most {high}"))
    if above is not None:
        broken.append((value <= above, f"above {above}"))
    return broken


def to_dict(group: Any) -> dict[str, Any]:
    """Return a parameter group as nested dictionaries of JSON values."""
    return {f.name: _plain(getattr(group, f.name)) for f in dataclasses.fields(group)}


def from_dict(template: Group, values: dict[str, Any], path: str = "") -> Group:
    """Return ``template`` with ``values`` put in, each one checked.

    Args:
        template: A parameter group; its values give the types, and the defaults of what ``values`` leaves out.
        values: Nested dictionaries as :func:`to_dict` makes them.
        path: Dotted path of the group, for messages.

    Raises:
        NeurorlError: An unknown name, or a value of the wrong type or outside its range.
    """
    fields = {f.name: f for f in dataclasses.fields(template)}  # type: ignore[arg-type]
    changes: dict[str, Any] = {}
    for name, value in values.items():
        where = f"{path}.{name}" if path else name
        if name not in fields:
            raise NeurorlError(f"unknown parameter '{where}'{nearest(name, fields)}")
        current = getattr(template, name)
        if dataclasses.is_dataclass(current):
            if not isinstance(value, dict):
                raise NeurorlError(f"'{where}' is a group of parameters; set one of {', '.join(to_dict(current))}")
            changes[name] = from_dict(current, value, where)
        elif isinstance(value, dict) and (kind := fields[name].metadata.get("of")):
            changes[name] = kind.from_data(value, current, where)
        elif isinstance(current, tuple) and any(dataclasses.is_dataclass(part) for part in current):
            if not isinstance(value, list | tuple) or len(value) != len(current):
                raise NeurorlError(f"'{where}' must be a list of {len(current)} groups of parameters, not {value!r}")
            parts = zip(current, value, strict=True)
            changes[name] = tuple(from_dict(part, given, f"{where}[{i}]") for i, (part, given) in enumerate(parts))
        else:
            changes[name] = check(where, value, current, fields[name].metadata)
    return dataclasses.replace(template, **changes)  # type: ignore[type-var]


def check(where: str, value: Any, current: Any, metadata: Any, convert: bool = True) -> Any:
    """Return ``value`` in the type of ``current``, or raise a NeurorlError that names the field.

    Args:
        where: The field, for messages.
        value: What was given; numbers and arrays of NumPy and JAX stand for Python's.
        current: A value of the field, which gives the type.
        metadata: Of the field, see :func:`parameter`.
        convert: Whether a whole number becomes a float where the field is one.
    """
    value = plain(value)
    if value is None:
        if current is None or metadata.get("optional"):
            return None
        raise NeurorlError(f"'{where}' cannot be null; give a value such as {current!r}")
    if isinstance(current, bool):
        if not isinstance(value, bool):
            raise NeurorlError(f"'{where}' must be true or false, not {value!r}")
    elif isinstance(current, tuple) or (current is None and isinstance(value, list | tuple)):
        value = _check_list(where, value, current)
    elif isinstance(current, int | float) or (current is None and _is_number(value)):
        value = _check_number(where, value, current, metadata, convert)
    elif isinstance(current, str) and not isinstance(value, str):
        raise NeurorlError(f"'{where}' must be text, not {value!r}")
    choices = metadata.get("choices")
    if choices and value not in choices:
        hint = nearest(value, choices) if isinstance(value, str) else ""
        raise NeurorlError(f"'{where}' is {value!r}; it must be one of {', '.join(map(str, choices))}{hint}")
    return value


def _check_list(where: str, value: Any, current: Any) -> tuple[Any, ...]:
    """Return a list as tuples, or raise a NeurorlError unless it is one, of numbers where ``current`` is."""
    if not isinstance(value, list | tuple):
        raise NeurorlError(f"'{where}' must be a list such as {list(current or ())}, not {value!r}")
    if current and isinstance(current[0], int | float) and any(not _is_number(v) for v in value):
        raise NeurorlError(f"'{where}' must be a list of finite numbers, not {value!r}")
    return _tuples(value)


def _check_number(where: str, value: Any, current: Any, metadata: Any, convert: bool) -> Any:
    """Return a number, whole where ``current`` is, or raise a NeurorlError unless it is one within its bounds."""
    if isinstance(value, float) and not math.isfinite(value):
        raise NeurorlError(f"'{where}' is {value}; it must be a finite number")
    if not _is_number(value):
        raise NeurorlError(f"'{where}' must be a finite number, not {value!r}")
    if isinstance(current, int):
        if value != int(value):
            raise NeurorlError(f"'{where}' must be a whole number, not {value!r}")
        value = int(value)
    elif isinstance(current, float) and convert:
        value = float(value)
    for wrong, words in _bounds(value, metadata):
        if wrong:
            raise NeurorlError(f"'{where}' is {value}; it must be {words}")
    return value


def _is_plain(value: Any) -> bool:
    """Return whether a person may have written a value: JAX's tracers, arrays and placeholders are none."""
    if isinstance(value, list | tuple):
        return all(_is_plain(v) for v in value)
    return isinstance(value, bool | int | float | str | np.generic | np.ndarray)


def plain(value: Any) -> Any:
    """Return a value with the numbers and arrays of NumPy and JAX in it as Python's own numbers and lists."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(map(plain, value))
    made = isinstance(value, np.generic | np.ndarray | jax.Array) and not isinstance(value, jax.core.Tracer)
    return value.tolist() if made else value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool) and math.isfinite(value)


def _tuples(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return tuple(_tuples(v) for v in value)
    return value.item() if isinstance(value, np.generic) else value


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return to_dict(value)
    if hasattr(value, "to_data"):
        return value.to_data()
    return [_plain(v) for v in value] if isinstance(value, list | tuple) else plain(value)
