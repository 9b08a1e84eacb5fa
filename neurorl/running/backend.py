"""How XLA computes on a CPU: on the thread that asks."""

import os

# `compiler_options` of `jax.jit` for programs that stream through large arrays, such as those of neurorl.layers: unless it is
# told, XLA uses vectors of 256 bits on processors that have 512. On others nothing changes.
WIDE_VECTORS = {"xla_cpu_prefer_vector_width": 512}


def compute_inline() -> None:
    """Let XLA use one thread, and that of the caller; an NPROC that the user has set stays.

    Learners are many small kernels: handing them to other threads costs more than it gains, some ten microseconds a call on an
    idle machine and milliseconds on a busy one. To be called before JAX computes for the first time; later it does nothing.
    """
    os.environ.setdefault("NPROC", "1")
    import jax

    jax.config.update("jax_cpu_enable_async_dispatch", False)
