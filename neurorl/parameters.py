"""Hyperparameters: documented dataclass fields that check themselves and round-trip through JSON.

A parameter group is a ``flax.struct`` dataclass whose fields are made by :func:`parameter`. Numeric fields are pytree
leaves, so a group can be a jit argument and a `vmap` axis; ``static`` fields decide shapes or code and are compiled in.
"""

import dataclasses
import math
from typing import Any, TypeVar

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
    checks = {"help": help, "low": low, "high": high, "above": above, "choices": choices, "optional": optional}
    return struct.field(pytree_node=not static, default=default, metadata=checks)


class Checked:
    """A parameter group whose numbers are checked when it is made, batches of them (arrays) too.

    Inherit beside ``@struct.dataclass``. Checked is what a person writes, numbers and NumPy arrays; JAX makes groups too,
    of tracers, of gradients (which may be of any sign), and of axes for ``vmap`` (with None in some field): they pass.
    """

    def __post_init__(self) -> None:
        """Raise a NeurorlError that names the field, the value and the fix."""
        fields = dataclasses.fields(self)  # type: ignore[arg-type]
        if any(getattr(self, f.name) is None and f.default is not None and not f.metadata.get("optional") for f in fields):
            return  # axes for vmap, not values
        for field in fields:
            where = f"{type(self).__name__}.{field.name}"
            value = getattr(self, field.name)
            choices = field.metadata.get("choices")
            if choices and isinstance(value, str) and value not in choices:
                raise NeurorlError(f"'{where}' is {value!r}; it must be one of {', '.join(choices)}{nearest(value, choices)}")
            numeric = isinstance(field.default, int | float) and not isinstance(field.default, bool)
            if numeric and (isinstance(value, str) or (isinstance(value, np.ndarray) and value.dtype.kind not in "iuf")):
                raise NeurorlError(f"'{where}' is {value!r}; it must be a number")
            if is_written(value):
                _check_numbers(where, np.asarray(value), field.metadata)


def is_written(*values: Any) -> bool:
    """Return whether all values are numbers or NumPy arrays, which a person wrote, and nothing that JAX made."""
    return all(isinstance(v, int | float | np.ndarray | np.number) and not isinstance(v, bool) for v in values)


def _check_numbers(where: str, values: np.ndarray, metadata: Any) -> None:
    """Raise a NeurorlError unless every number is finite and within its bounds."""
    low, high, above = (metadata.get(bound) for bound in ("low", "high", "above"))
    if not np.isfinite(values).all():
        raise NeurorlError(f"'{where}' is {values[~np.isfinite(values)][0]}; it must be a finite number")
    for bound, wrong, words in (
        (low, values < low if low is not None else None, "at least"),
        (high, values > high if high is not None else None, "at most"),
        (above, values <= above if above is not None else None, "above"),
    ):
        if wrong is not None and wrong.any():
            raise NeurorlError(f"'{where}' is {values[wrong][0]}; it must be {words} {bound}")


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
        elif isinstance(current, tuple) and any(dataclasses.is_dataclass(part) for part in current):
            if not isinstance(value, list | tuple) or len(value) != len(current):
                raise NeurorlError(f"'{where}' must be a list of {len(current)} groups of parameters, not {value!r}")
            parts = zip(current, value, strict=True)
            changes[name] = tuple(from_dict(part, given, f"{where}[{i}]") for i, (part, given) in enumerate(parts))
        else:
            changes[name] = check(where, value, current, fields[name].metadata)
    return dataclasses.replace(template, **changes)  # type: ignore[type-var]


def check(where: str, value: Any, current: Any, metadata: Any) -> Any:
    """Return ``value`` in the type of ``current``, or raise a NeurorlError that names the field."""
    value = plain(value)
    if value is None:
        if current is None or metadata.get("optional"):
            return None
        raise NeurorlError(f"'{where}' cannot be null; give a value such as {current!r}")
    if isinstance(current, bool):
        if not isinstance(value, bool):
            raise NeurorlError(f"'{where}' must be true or false, not {value!r}")
    elif isinstance(current, tuple) or (current is None and isinstance(value, list | tuple)):
        if not isinstance(value, list | tuple):
            raise NeurorlError(f"'{where}' must be a list such as {list(current or ())}, not {value!r}")
        if current and isinstance(current[0], int | float) and any(not _is_number(v) for v in value):
            raise NeurorlError(f"'{where}' must be a list of finite numbers, not {value!r}")
        return _tuples(value)
    elif isinstance(current, int | float) or (current is None and _is_number(value)):
        if not _is_number(value):
            raise NeurorlError(f"'{where}' must be a finite number, not {value!r}")
        if isinstance(current, int):
            if value != int(value):
                raise NeurorlError(f"'{where}' must be a whole number, not {value!r}")
            value = int(value)
        elif isinstance(current, float):
            value = float(value)
        low, high, above = (metadata.get(bound) for bound in ("low", "high", "above"))
        if low is not None and value < low:
            raise NeurorlError(f"'{where}' is {value}, below its minimum of {low}")
        if high is not None and value > high:
            raise NeurorlError(f"'{where}' is {value}, above its maximum of {high}")
        if above is not None and value <= above:
            raise NeurorlError(f"'{where}' is {value}; it must be above {above}")
    elif isinstance(current, str) and not isinstance(value, str):
        raise NeurorlError(f"'{where}' must be text, not {value!r}")
    choices = metadata.get("choices")
    if choices and value not in choices:
        hint = nearest(value, choices) if isinstance(value, str) else ""
        raise NeurorlError(f"'{where}' is {value!r}; it must be one of {', '.join(map(str, choices))}{hint}")
    return value


def plain(value: Any) -> Any:
    """Return a value with the numbers and arrays of NumPy and JAX in it as Python's own numbers and lists."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(plain, value)) if type(value) in (list, tuple) else value
    return value.tolist() if hasattr(value, "tolist") and hasattr(value, "dtype") else value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _tuples(value: Any) -> Any:
    return tuple(_tuples(v) for v in value) if isinstance(value, list | tuple) else value


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return to_dict(value)
    return [_plain(v) for v in value] if isinstance(value, list | tuple) else plain(value)
