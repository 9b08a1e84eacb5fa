"""A computation on small arrays as one compiled function, instead of many kernels.

XLA on a CPU hands every operation to its threads as a kernel of its own, which takes a third of a microsecond or more: for a
small network more than its arithmetic. A call that is marked is compiled to one function, one operation after another. The marks
are XLA's own, for loops that it finds small (``small_while_loop_hoisting_pass.cc``); a version that does not know them compiles
kernels, to the same results.
"""

from collections.abc import Callable, Iterator
from typing import Any

import jax
from jax.experimental.xla_metadata import set_xla_metadata
from jax.extend.core import ClosedJaxpr, Jaxpr, jaxpr_as_fun

from neurorl import backend

MARKS = {"inlineable": "false", "xla_cpu_small_call": "true"}
SMALL = 2**16  # bytes of the largest array: kernels for larger ones are vectorised better
REDUCED = 1024  # entries that are reduced at a time; more are a library's
# What XLA emits within a function. It does not scatter, sort, or call libraries there.
_PRIMITIVES = """
    abs add and ceil clamp cos cosh div eq erf erf_inv exp exp2 expm1 floor ge gt integer_pow is_finite le log log1p logistic lt
    max min mul ne neg nextafter not or population_count pow rem round rsqrt select_n shift_left shift_right_arithmetic
    shift_right_logical sign sin sinh sqrt square sub tan tanh xor
    argmax argmin dot_general reduce_and reduce_max reduce_min reduce_or reduce_prod reduce_sum
    bitcast_convert_type broadcast_in_dim concatenate convert_element_type copy copy_p dynamic_slice dynamic_update_slice
    expand_dims gather iota optimization_barrier pad reshape rev slice split squeeze stack stop_gradient transpose
    random_bits random_fold_in random_seed random_unwrap random_wrap
    closed_call cond custom_jvp_call custom_vjp_call jit pjit platform_index scan while
"""
EMITTED = frozenset(_PRIMITIVES.split())


def one_function(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return ``f``, to be called in a program that is being traced, as one function of it where that is possible and pays."""

    def called(*arguments: Any) -> Any:
        leaves, tree = jax.tree.flatten(arguments)
        traced, result = jax.make_jaxpr(lambda *leaves: f(*jax.tree.unflatten(tree, leaves)), return_shape=True)(*leaves)
        whole = jaxpr_as_fun(traced)
        if backend.on_cpu() and can_be_one(traced):
            with set_xla_metadata(**MARKS):
                out = jax.jit(whole)(*leaves)
        else:
            out = whole(*leaves)
        return jax.tree.unflatten(jax.tree.structure(result), out)

    return called


def jitted(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return ``f`` compiled as one function; where XLA refuses that after all, as kernels."""
    compiled = jax.jit(one_function(f))

    def called(*arguments: Any) -> Any:
        nonlocal compiled
        try:
            return compiled(*arguments)
        except jax.errors.JaxRuntimeError:
            compiled = jax.jit(f)
            return compiled(*arguments)

    return called


def can_be_one(traced: ClosedJaxpr) -> bool:
    """Return whether all that a computation does can be within a function, and its arrays are small."""
    equations = list(_equations(traced.jaxpr))
    return bool(equations) and all(map(_can_be_within, equations))


def _can_be_within(equation: Any) -> bool:
    name = equation.primitive.name
    if name not in EMITTED or equation.effects or any(_bytes(variable.aval) > SMALL for variable in equation.outvars):
        return False
    if name == "dot_general":  # a library multiplies matrices, but not a matrix and a vector
        summed, mapped = equation.params["dimension_numbers"]
        free = [v.aval.ndim - len(s) - len(m) for v, s, m in zip(equation.invars, summed, mapped, strict=True)]
        return min(free) == 0
    return not name.startswith("reduce_") or equation.invars[0].aval.size <= REDUCED


def _equations(jaxpr: Jaxpr) -> Iterator[Any]:
    """Return the equations of a computation, and those of the computations within it."""
    for equation in jaxpr.eqns:
        yield equation
        for value in jax.tree.leaves(list(equation.params.values()), is_leaf=lambda part: isinstance(part, ClosedJaxpr | Jaxpr)):
            if isinstance(value, ClosedJaxpr | Jaxpr):
                yield from _equations(value.jaxpr if isinstance(value, ClosedJaxpr) else value)


def _bytes(aval: Any) -> int:
    """Return the size of an array; a key is two words."""
    return int(aval.size * getattr(aval.dtype, "itemsize", 8))
