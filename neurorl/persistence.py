"""Every public type as JSON and back, equal to the bit: parameters, states, networks in the middle of a run.

    text = to_json(state)              save("state.json", state)
    state = from_json(text)            state = load("state.json")

The JSON is strict. Numbers, text, lists, true, false and null stand for themselves; an object holds exactly one tag:

    {"float": "nan" | "inf" | "-inf"}    {"tuple": [...]}    {"dict": {...}}    {"enum": "module:Class.MEMBER"}
    {"array": {"of", "dtype", "shape", "data"}}    little-endian base64, ``of`` "numpy", "scalar" (a NumPy one) or "jax"
    {"key": {"impl", "data"}}                      a typed JAX key, or an array of them
    {"type": "module:Class", "fields": {...}}      a dataclass or NamedTuple, made again by its own constructor

Only classes of this package are written or imported, so a file can name no other code. Not kept: whether a JAX array was
weakly typed, and on which device it lay.
"""

import base64
import dataclasses
import enum
import importlib
import json
import math
import os
import re
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurorl.errors import NeurorlError
from neurorl.files import user_path, write_atomically

VERSION = 1  # of the layout above
DTYPES = (
    *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("float16", "bfloat16", "float32", "float64", "complex64", "complex128"),
)
_NAME = re.compile(r"neurorl(\.[a-z]\w*)*:[A-Za-z]\w*(\.[A-Za-z]\w*)*", re.ASCII)  # no "_": __main__ would run


def to_json(obj: Any, indent: int | None = None) -> str:
    """Return ``obj`` as strict JSON.

    Args:
        obj: A dataclass, NamedTuple or enum of this package, an array, a typed key, a number, text, None, or tuples, lists
            and dictionaries (with text as keys) of these.
        indent: Spaces a level; None: one line.

    Raises:
        NeurorlError: Something else, named by its path.
    """
    return json.dumps({"neurorl_json": VERSION, "value": _encode(obj, "value")}, indent=indent, allow_nan=False)


def from_json(text: str) -> Any:
    """Return what :func:`to_json` was given.

    Raises:
        NeurorlError: Damaged JSON, another version, an unknown type, or fields that are missing, unknown or wrong.
    """
    try:
        document = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise NeurorlError(f"not whole, strict JSON ({error}); give what neurorl.persistence.to_json returned") from error
    if not isinstance(document, dict) or "neurorl_json" not in document:
        raise NeurorlError("'neurorl_json', the version, is missing: this JSON was not written by neurorl.persistence")
    if document["neurorl_json"] != VERSION:
        raise NeurorlError(f"'neurorl_json' is {document['neurorl_json']!r}; this neurorl reads version {VERSION}")
    _same_names(document, ("neurorl_json", "value"), "the document")
    return _decode(document["value"], "value")


def save(path: str | os.PathLike[str], obj: Any) -> None:
    """Write ``obj`` to a file, which appears, or changes, by one rename when it is whole."""
    text = to_json(obj) + "\n"
    write_atomically(user_path(path), lambda temporary: temporary.write_text(text, encoding="utf-8"))


def load(path: str | os.PathLike[str]) -> Any:
    """Return what :func:`save` wrote.

    Raises:
        NeurorlError: As :func:`from_json`, or the file cannot be read; the message names it.
    """
    try:
        return from_json(user_path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, NeurorlError) as error:
        raise NeurorlError(f"'{os.fspath(path)}' cannot be loaded: {error}") from error


def _encode(obj: Any, where: str) -> Any:
    """Return the JSON value of ``obj``; ``where`` is its path, for messages."""
    if obj is None or type(obj) in (bool, int, str):
        return obj
    if type(obj) is float:
        return obj if math.isfinite(obj) else {"float": str(obj)}
    if type(obj) is list:
        return [_encode(item, f"{where}[{i}]") for i, item in enumerate(obj)]
    if type(obj) is tuple:
        return {"tuple": [_encode(item, f"{where}[{i}]") for i, item in enumerate(obj)]}
    if type(obj) is dict:
        for key in obj:
            if type(key) is not str:
                raise NeurorlError(f"'{where}' has the key {key!r}; JSON allows text only: use str({key!r})")
        return {"dict": {key: _encode(item, f"{where}[{key!r}]") for key, item in obj.items()}}
    if isinstance(obj, enum.Enum):
        return {"enum": f"{_name_of(type(obj), where)}.{obj.name}"}
    if isinstance(obj, jax.core.Tracer):
        raise NeurorlError(f"'{where}' is being traced by JAX and has no value yet; save outside jit, vmap and scan")
    if isinstance(obj, jax.Array) and jnp.issubdtype(obj.dtype, jax.dtypes.prng_key):
        data = _array(np.asarray(jax.random.key_data(obj)), "numpy", where)
        return {"key": {"impl": str(jax.random.key_impl(obj)), "data": data}}
    if isinstance(obj, jax.Array | np.ndarray | np.generic):
        of = "jax" if isinstance(obj, jax.Array) else "scalar" if isinstance(obj, np.generic) else "numpy"
        return {"array": _array(np.asarray(obj), of, where)}
    names = _fields_of(type(obj))
    if names is None:
        raise NeurorlError(f"'{where}' is of type {type(obj).__name__}, which has no JSON form; convert it to one that has")
    fields = {name: _encode(getattr(obj, name), f"{where}.{name}") for name in names}
    return {"type": _name_of(type(obj), where), "fields": fields}


def _decode(node: Any, where: str) -> Any:
    """Return the object of a JSON value."""
    if not isinstance(node, dict):
        return [_decode(item, f"{where}[{i}]") for i, item in enumerate(node)] if isinstance(node, list) else node
    tag = next(iter(node), None)
    content: Any = node.get(tag)
    if tag == "type":
        _same_names(node, ("type", "fields"), where)
        return _make(_find(content, where), _of(dict, node["fields"], where), where)
    if len(node) != 1:
        raise NeurorlError(f"'{where}' must have exactly one tag, not {', '.join(node) or 'none'}")
    if tag == "float":
        if content not in ("nan", "inf", "-inf"):
            raise NeurorlError(f"'{where}' is the float {content!r}; it must be 'nan', 'inf' or '-inf'")
        return float(content)
    if tag == "tuple":
        return tuple(_decode(item, f"{where}[{i}]") for i, item in enumerate(_of(list, content, where)))
    if tag == "dict":
        return {key: _decode(item, f"{where}[{key!r}]") for key, item in _of(dict, content, where).items()}
    if tag == "enum":
        name, _, member = str(content).rpartition(".")
        found = _find(name, where)
        if not issubclass(found, enum.Enum) or member not in found.__members__:
            raise NeurorlError(f"'{where}' is {content!r}, which is no member of an enum of this neurorl")
        return found[member]
    if tag == "array":
        return _from_array(_of(dict, content, where), where)
    if tag == "key":
        _same_names(_of(dict, content, where), ("impl", "data"), where)
        data = _from_array(_of(dict, content["data"], where), where)
        try:
            return jax.random.wrap_key_data(jnp.asarray(data), impl=content["impl"])
        except (TypeError, ValueError) as error:
            raise NeurorlError(f"'{where}' is no key of this JAX: {error}") from error
    raise NeurorlError(f"'{where}' has the unknown tag {tag!r}")


def _array(values: np.ndarray, of: str, where: str) -> dict[str, Any]:
    if values.dtype.name not in DTYPES:
        raise NeurorlError(f"'{where}' is an array of dtype {values.dtype}; it must be one of {', '.join(DTYPES)}")
    data = values.astype(values.dtype.newbyteorder("<"), copy=False).tobytes()
    return {"of": of, "dtype": values.dtype.name, "shape": list(values.shape), "data": base64.b64encode(data).decode()}


def _from_array(node: dict[str, Any], where: str) -> Any:
    _same_names(node, ("of", "dtype", "shape", "data"), where)
    of, dtype, shape = node["of"], node["dtype"], node["shape"]
    if of not in ("numpy", "scalar", "jax") or dtype not in DTYPES:
        raise NeurorlError(f"'{where}' is an array of {of!r} and dtype {dtype!r}, which this neurorl does not know")
    if not isinstance(shape, list) or not all(type(n) is int and n >= 0 for n in shape) or (of == "scalar" and shape):
        raise NeurorlError(f"'{where}' has the shape {shape!r}, which no such array has")
    try:
        data = base64.b64decode(node["data"], validate=True)
    except (TypeError, ValueError) as error:
        raise NeurorlError(f"'{where}' has data that is not base64: {error}") from error
    stored = jnp.dtype(dtype).newbyteorder("<")
    if len(data) != math.prod(shape) * stored.itemsize:
        raise NeurorlError(f"'{where}' holds {len(data)} bytes, which do not fill {dtype} {shape}; the file is damaged")
    values = np.frombuffer(data, stored).reshape(shape).astype(jnp.dtype(dtype))
    if of != "jax":
        return values[()] if of == "scalar" else values
    if jax.dtypes.canonicalize_dtype(values.dtype) != values.dtype:
        raise NeurorlError(f"'{where}' is a JAX array of {dtype}; load it within jax.enable_x64(True), or it would be rounded")
    return jnp.asarray(values)


def _fields_of(cls: type) -> tuple[str, ...] | None:
    """Return the names that the constructor of a dataclass or NamedTuple takes; None for other classes."""
    if dataclasses.is_dataclass(cls):
        return tuple(field.name for field in dataclasses.fields(cls) if field.init)
    return cls._fields if issubclass(cls, tuple) and hasattr(cls, "_fields") else None


def _make(cls: type, fields: dict[str, Any], where: str) -> Any:
    names = _fields_of(cls)
    if names is None:
        raise NeurorlError(f"'{where}' is of type {cls.__name__}, which has no fields")
    _same_names(fields, names, f"{where} ({cls.__name__})")
    values = {name: _decode(fields[name], f"{where}.{name}") for name in names}
    try:
        return cls(**values)
    except (TypeError, ValueError) as error:
        raise NeurorlError(f"'{where}' cannot be made: {error}") from error


def _name_of(cls: type, where: str) -> str:
    """Return ``module:qualname``, by which the class is found again."""
    name = f"{cls.__module__}:{cls.__qualname__}"
    if _find(name, where) is not cls:
        raise NeurorlError(f"'{where}' is of type '{name}', but neurorl has another class of that name")
    return name


def _find(name: Any, where: str) -> type:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise NeurorlError(f"'{where}' is of type {name!r}; only public classes of neurorl are read and written")
    module, _, qualname = name.partition(":")
    try:
        found: Any = importlib.import_module(module)
        for part in qualname.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise NeurorlError(f"'{where}' is of the unknown type '{name}': {error}") from error
    if not isinstance(found, type) or f"{found.__module__}:{found.__qualname__}" != name:
        raise NeurorlError(f"'{where}' names '{name}', which is no class that neurorl defines")
    return found


def _of(kind: type, value: Any, where: str) -> Any:
    if not isinstance(value, kind):
        raise NeurorlError(f"'{where}' must be a JSON {'object' if kind is dict else 'list'}, not {value!r:.60}")
    return value


def _same_names(found: dict[str, Any], expected: tuple[str, ...], where: str) -> None:
    """Raise a NeurorlError that names what is missing and what is unknown."""
    if missing := [name for name in expected if name not in found]:
        raise NeurorlError(f"'{where}' lacks {', '.join(missing)}")
    if extra := [name for name in found if name not in expected]:
        raise NeurorlError(f"'{where}' has {', '.join(map(repr, extra))}, which this neurorl does not know; remove it")


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
