import dataclasses
import enum
import importlib
import inspect
import json
import pkgutil
import typing
from typing import NamedTuple

import hypothesis.extra.numpy as arrays
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jax import Array

from neurorl import persistence
from neurorl.codes import OneHot
from neurorl.errors import NeurorlError
from neurorl.neurons.lif import LIF, LIFState
from neurorl.persistence import from_json, load, save, to_json

PACKAGES = ("neurons", "synapses", "codes", "plasticity", "homeostasis", "neuromodulation", "analysis", "networks", "kernels")
SPECIAL = np.array([np.nan, -np.nan, np.inf, -np.inf, -0.0, 1e-45, 3.4e38, 0.1], np.float32)
STAND_IN = {
    typing.Any: (),
    Array: jnp.asarray(SPECIAL),
    np.ndarray: SPECIAL,
    float: 0.1,
    int: 3,
    bool: True,
    str: "text",
    tuple: (1, 2.5),
}
FITTING = {  # fields that must fit together
    "Connectivity.pre": np.int32([0, 0, 1]),
    "Connectivity.post": np.int32([0, 2, 1]),
    "Connectivity.n_pre": 2,
    "Projection.delay": np.int32([1, 3, 2]),
    "SpikeTrain.times": np.array([0.1, 2.5, 1e-300]),
    "Population.kind": "inhibitory",
    "Population.neuron": LIF(),
    "Sensory.code": OneHot(n=3),
}


def same(a, b):
    """Return whether two objects are equal in type, structure and every bit."""
    if type(a) is not type(b):
        return False
    if isinstance(a, jax.Array | np.ndarray | np.generic):
        if isinstance(a, jax.Array) and jnp.issubdtype(a.dtype, jax.dtypes.prng_key):
            return a.dtype == b.dtype and same(jax.random.key_data(a), jax.random.key_data(b))
        x, y = np.asarray(a), np.asarray(b)
        return x.dtype == y.dtype and x.shape == y.shape and x.tobytes() == y.tobytes()
    if dataclasses.is_dataclass(a):
        return all(same(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a))
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    return repr(a) == repr(b) if isinstance(a, float) else a == b


def strict(text):
    """Parse JSON as the standard has it: no NaN, no Infinity."""

    def refuse(name):
        raise AssertionError(f"{name} in the JSON")

    return json.loads(text, parse_constant=refuse)


def through_json(obj):
    text = to_json(obj)
    strict(text)
    return from_json(text)


def modules():
    for package in PACKAGES:
        root = importlib.import_module(f"neurorl.{package}")
        yield root
        for found in pkgutil.walk_packages(root.__path__, root.__name__ + "."):
            if not found.name.rpartition(".")[2].startswith("_"):
                yield importlib.import_module(found.name)


def public_types():
    """Return every public dataclass, NamedTuple and enum that a module of the substrate defines."""
    return [
        cls
        for module in modules()
        for name, cls in vars(module).items()
        if inspect.isclass(cls)
        and cls.__module__ == module.__name__
        and not name.startswith("_")
        and (dataclasses.is_dataclass(cls) or hasattr(cls, "_fields") or issubclass(cls, enum.Enum))
    ]


def example(cls):
    """Return an instance: made of its defaults, and stand-ins by annotation for fields that have none."""
    if issubclass(cls, enum.Enum):
        return list(cls)
    hints = typing.get_type_hints(cls)
    if dataclasses.is_dataclass(cls):
        missing = (dataclasses.MISSING, dataclasses.MISSING)
        needed = [f.name for f in dataclasses.fields(cls) if (f.default, f.default_factory) == missing and f.init]
    else:
        needed = [name for name in cls._fields if name not in cls._field_defaults]
    places = {name: f"{cls.__name__}.{name}" for name in needed}
    return cls(**{name: FITTING[at] if at in FITTING else stand_in(hints[name]) for name, at in places.items()})


def stand_in(hint):
    """Return a value that an annotation allows; an instance of the class for one of ours."""
    hint = getattr(hint, "array_type", hint)  # of jaxtyping
    options = [h for h in typing.get_args(hint) if h is not type(None)] if typing.get_origin(hint) not in (tuple, dict) else []
    hint = Array if Array in options else options[0] if options else hint
    hint = getattr(hint, "array_type", hint)
    origin = typing.get_origin(hint) or hint
    if origin in STAND_IN:
        return STAND_IN[origin]
    return {} if origin is dict else example(origin) if inspect.isclass(origin) else None


TYPES = public_types()


def test_the_search_finds_what_is_known_to_be_there():
    assert {LIF, LIFState} <= set(TYPES)
    assert {cls.__module__.split(".")[1] for cls in TYPES} >= {"neurons", "synapses", "codes", "plasticity", "neuromodulation"}


@pytest.mark.parametrize("cls", TYPES, ids=lambda cls: f"{cls.__module__.removeprefix('neurorl.')}.{cls.__name__}")
def test_every_public_type_survives_json(cls):
    made = example(cls)  # where this fails, the new type has fields that must fit together: add them to FITTING
    assert same(through_json(made), made)


def test_every_public_constant_of_such_a_type_survives_json():
    kinds = tuple(kind for kind in TYPES if kind.__name__ != "LinearRule")  # which is code and no data
    for module in modules():
        for name, value in vars(module).items():
            values = value.values() if isinstance(value, dict) else value if type(value) is tuple else [value]
            if not name.startswith("_") and values and all(isinstance(v, kinds) for v in values):
                assert same(through_json(value), value), f"{module.__name__}.{name}"


DTYPES = [np.dtype(name) for name in persistence.DTYPES if name not in ("bfloat16", "float16")]


@given(array=st.sampled_from(DTYPES).flatmap(lambda d: arrays.arrays(d, arrays.array_shapes(min_dims=0, min_side=0, max_side=3))))
def test_arrays_keep_every_bit(array):
    assert same(through_json(array), array)
    for scalar in array.ravel()[:1]:
        assert same(through_json(scalar), scalar)
    with jax.enable_x64(True):
        assert same(through_json(jnp.asarray(array)), jnp.asarray(array))


@given(bits=st.lists(st.integers(0, 2**32 - 1), max_size=8))
def test_float32_keeps_every_bit_pattern_nans_too(bits):
    array = np.array(bits, np.uint32).view(np.float32)
    assert same(through_json(array), array)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text() | st.sampled_from(["type", "tuple", "array", "dict", "fields"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(obj=JSON)
def test_plain_values_survive_whatever_their_nesting_and_keys(obj):
    assert same(through_json(obj), obj)


@pytest.mark.parametrize(
    "obj",
    [
        jax.random.key(7),
        jax.random.split(jax.random.key(7, impl="rbg"), (2, 3)),
        jnp.arange(3, dtype=jnp.bfloat16),
        np.float16([0.1, np.inf]),
        np.bool_(True),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        LIF(tau_m=jnp.array([10.0, 20.0])),
        {"state": (LIFState(jnp.asarray(SPECIAL), jnp.zeros(8)), [1, -0.0, float("nan")]), "key": jax.random.key(0)},
    ],
    ids=repr,
)
def test_it_survives_json(obj):
    assert same(through_json(obj), obj)


def test_a_key_draws_the_same_numbers_afterwards():
    key = jax.random.key(11)
    assert same(jax.random.normal(through_json(key), (5,)), jax.random.normal(key, (5,)))


def test_arrays_that_are_read_can_be_written_to():
    through_json(np.zeros(3))[0] = 1.0


def test_byte_order_is_made_native():
    assert same(through_json(np.array([1.5, 2.5], ">f8")), np.array([1.5, 2.5]))


def test_a_file_holds_it_and_is_replaced_whole(tmp_path):
    path = tmp_path / "state.json"
    save(path, LIFState(jnp.zeros(2), jnp.ones(2)))
    save(path, LIFState(jnp.ones(2), jnp.zeros(2)))
    assert same(load(path), LIFState(jnp.ones(2), jnp.zeros(2)))
    with pytest.raises(NeurorlError, match="has no JSON form"):
        save(path, LIFState(object(), jnp.zeros(2)))
    assert same(load(path), LIFState(jnp.ones(2), jnp.zeros(2)))
    assert [child.name for child in tmp_path.iterdir()] == ["state.json"]


def test_the_home_folder_is_meant_by_a_tilde(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    save("~/state.json", LIF())
    assert (tmp_path / "state.json").is_file()
    assert load("~/state.json") == LIF()


def test_a_failed_rename_leaves_nothing_behind(tmp_path):
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="taken"):
        save(tmp_path / "taken", 1)
    assert [child.name for child in tmp_path.iterdir()] == ["taken"]


def test_load_names_the_file(tmp_path):
    with pytest.raises(NeurorlError, match=r"absent\.json' cannot be loaded"):
        load(tmp_path / "absent.json")
    (tmp_path / "bad.json").write_bytes(b"\xff")
    with pytest.raises(NeurorlError, match=r"bad\.json' cannot be loaded"):
        load(tmp_path / "bad.json")


def test_every_truncation_is_refused():
    text = to_json(LIFState(jnp.zeros(2), jnp.ones(2)))
    for length in range(len(text)):
        with pytest.raises(NeurorlError, match="not whole, strict JSON"):
            from_json(text[:length])


class Foreign(NamedTuple):
    x: float = 1.0


@pytest.mark.parametrize(
    ("obj", "message"),
    [
        ({"a": [object()]}, r"'value\['a'\]\[0\]' is of type object, which has no JSON form"),
        (lambda: 0, "'value' is of type function"),
        ({1, 2}, "'value' is of type set"),
        ({3: 0}, r"'value' has the key 3; JSON allows text only: use str\(3\)"),
        (Foreign(), "only public classes of neurorl"),
        (np.array(["a"]), "'value' is an array of dtype <U1"),
        (np.array([None]), "'value' is an array of dtype object"),
        (LIFState(v=np.array(["a"]), silent=0), "'value.v' is an array of dtype <U1"),
    ],
    ids=["object", "function", "set", "key", "foreign", "text-array", "object-array", "field"],
)
def test_what_has_no_json_form_is_named(obj, message):
    with pytest.raises(NeurorlError, match=message):
        to_json(obj)


def test_a_traced_value_is_refused():
    with pytest.raises(NeurorlError, match=r"'value\[0\]' is being traced by JAX"):
        jax.jit(lambda x: to_json([x]))(1.0)


STATE = json.loads(to_json(LIFState(np.zeros(2), np.ones(2))))["value"]
V = STATE["fields"]["v"]["array"]


def state(**changes):
    return {"type": "neurorl.neurons.lif:LIFState", "fields": {**STATE["fields"], "v": {"array": {**V, **changes}}}}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({**STATE, "fields": {"v": STATE["fields"]["v"]}}, r"'value \(LIFState\)' lacks silent"),
        ({**STATE, "fields": {**STATE["fields"], "w": 0}}, r"'value \(LIFState\)' has 'w', which this neurorl does not know"),
        ({**STATE, "fields": [1]}, "'value' must be a JSON object, not"),
        ({**STATE, "more": 1}, "'value' has 'more'"),
        ({"type": STATE["type"]}, "'value' lacks fields"),
        ({"type": "neurorl.neurons.lif:LIFStatue", "fields": {}}, "unknown type 'neurorl.neurons.lif:LIFStatue'"),
        ({"type": "neurorl.neurons.liff:LIFState", "fields": {}}, "unknown type 'neurorl.neurons.liff:LIFState'"),
        ({"type": "os:system", "fields": {}}, "'value' is of type 'os:system'; only public classes of neurorl"),
        ({"type": "neurorl:os.system", "fields": {}}, "neurorl"),
        ({"type": "neurorl.persistence:os.system", "fields": {}}, "no class that neurorl defines"),
        ({"type": "neurorl.results.run_folder:Path", "fields": {}}, "no class that neurorl defines"),
        ({"type": "neurorl.__main__:A", "fields": {}}, "only public classes of neurorl"),
        ({"type": "neurorlx.y:A", "fields": {}}, "only public classes of neurorl"),
        ({"type": 3, "fields": {}}, "'value' is of type 3; only public classes of neurorl"),
        ({"type": "neurorl.errors:NeurorlError", "fields": {}}, "of type NeurorlError, which has no fields"),
        ({"enum": "neurorl.neurons.lif:LIFState.A"}, "no member of an enum"),
        (state(data="AAAA"), r"'value.v' holds 3 bytes, which do not fill float64 \[2\]"),
        (state(data="?"), "'value.v' has data that is not base64"),
        (state(data=3), "'value.v' has data that is not base64"),
        (state(shape=[-2]), r"'value.v' has the shape \[-2\]"),
        (state(shape=2), "'value.v' has the shape 2"),
        (state(dtype="object"), "'value.v' is an array of 'numpy' and dtype 'object'"),
        (state(of="torch"), "'value.v' is an array of 'torch'"),
        (state(of="jax"), "'value.v' is a JAX array of float64; load it within jax.enable_x64"),
        ({"float": "1.0"}, "'value' is the float '1.0'; it must be 'nan', 'inf' or '-inf'"),
        ({"tuple": 3}, "'value' must be a JSON list, not 3"),
        ({"complex": 3}, "'value' has the unknown tag 'complex'"),
        ({}, "'value' must have exactly one tag, not none"),
        ({"tuple": [], "dict": {}}, "'value' must have exactly one tag, not tuple, dict"),
        ({"key": {"impl": "none", "data": V}}, "'value' is no key of this JAX"),
        ({"key": {"impl": "threefry2x32"}}, "'value' lacks data"),
    ],
)
def test_a_damaged_value_is_named(value, message):
    with pytest.raises(NeurorlError, match=message):
        from_json(json.dumps({"neurorl_json": persistence.VERSION, "value": value}))


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"neurorl_json": 99, "value": 1}, "'neurorl_json' is 99; this neurorl reads version 1"),
        ({"value": 1}, "'neurorl_json', the version, is missing"),
        ([1], "'neurorl_json', the version, is missing"),
        ({"neurorl_json": 1}, "'the document' lacks value"),
        ({"neurorl_json": 1, "value": 1, "x": 2}, "'the document' has 'x'"),
        ({"neurorl_json": 1, "value": float("nan")}, "NaN is not JSON"),
    ],
)
def test_a_wrong_document_is_refused(document, message):
    with pytest.raises(NeurorlError, match=message):
        from_json(json.dumps(document))


def test_what_its_type_refuses_is_refused_when_it_is_read():
    document = json.loads(to_json(LIF()))
    document["value"]["fields"]["tau_m"] = -1.0
    with pytest.raises(NeurorlError, match=r"'value' cannot be made: 'LIF.tau_m' is -1.0; it must be above 0.0"):
        from_json(json.dumps(document))


def test_a_saved_file_has_the_permissions_of_any_new_file(tmp_path):
    save(tmp_path / "state.json", (1, 2))
    (tmp_path / "other").touch()
    assert (tmp_path / "state.json").stat().st_mode == (tmp_path / "other").stat().st_mode
    assert [file.name for file in sorted(tmp_path.iterdir())] == ["other", "state.json"]
