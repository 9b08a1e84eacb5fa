"""How XLA computes on a CPU: on the thread that asks."""

import os

# `compiler_options` of `jax.jit` for programs that stream through large arrays, such as those of neurorl.layers: unless it is
# told, XLA uses vectors of 256 bits on processors that have 512. On others nothing changes.
WIDE_VECTORS = {"xla_cpu_prefer_vector_width": 512}

# The same for programs of very many small kernels, such as neurorl.layers.event_network. As a rule XLA leaves kernels that do not
# wait for each other to the threads of its pool, even where the pool is one thread and the core is taken: at random the
# hand-over makes runs of that network 30 % longer. Ordered for the least memory, nearly all of them wait for each other.
IN_TURN = {"xla_cpu_scheduler_type": "CPU_SCHEDULER_TYPE_MEMORY_OPTIMIZED"}

# The same for large programs of scalars, of which one step takes microseconds whatever is done: XLA's older emitters of loops
# compile the board's step in 1.4 s instead of 3.3, to the same bits.
QUICK_TO_COMPILE = {"xla_cpu_use_fusion_emitters": False}


def compute_inline() -> None:
    """Let XLA use one thread, and that of the caller; an NPROC that the user has set stays.

    Learners are many small kernels: handing them to other threads costs more than it gains, some ten microseconds a call on an
    idle machine and milliseconds on a busy one. To be called before JAX computes for the first time; later it does nothing.
    """
    os.environ.setdefault("NPROC", "1")
    import jax

    jax.config.update("jax_cpu_enable_async_dispatch", False)
