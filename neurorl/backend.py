"""How XLA computes on a CPU: with one thread a device, and once for all programs that are alike."""

import contextlib
import hashlib
import os
import re
import sys
import warnings
from pathlib import Path
from typing import Any

# `compiler_options` of `jax.jit` for programs that stream through large arrays, such as those of networks: unless it is
# told, XLA uses vectors of 256 bits on processors that have 512. On others nothing changes.
WIDE_VECTORS = {"xla_cpu_prefer_vector_width": 512}

# The same for programs of very many small kernels. As a rule XLA leaves kernels that do not
# wait for each other to the threads of its pool, even where the pool is one thread and the core is taken: at random the
# hand-over makes runs of that network 30 % longer. Ordered for the least memory, nearly all of them wait for each other.
IN_TURN = {"xla_cpu_scheduler_type": "CPU_SCHEDULER_TYPE_MEMORY_OPTIMIZED"}

# The same for large programs of scalars, of which one step takes microseconds whatever is done: XLA's older emitters of loops
# compile the board's step in 1.4 s instead of 3.3, to the same bits.
QUICK_TO_COMPILE = {"xla_cpu_use_fusion_emitters": False}
# `compiler_options` are of one kind of device, and another's compiler refuses them.


def on_cpu() -> bool:
    """Return whether programs run on a CPU."""
    import jax

    return jax.default_backend() == "cpu"


def streaming() -> dict[str, Any]:
    """Return the `compiler_options` of programs of many small kernels that stream through large arrays."""
    return WIDE_VECTORS | IN_TURN if on_cpu() else {}


WORTH_KEEPING = 0.1  # seconds of compiling a program, from which on it is kept


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def compute_inline(devices: int = 1) -> None:
    """Let XLA compute with one thread a device, and wait for it; an NPROC and a number of devices that the user has set stay.

    Learners are many small kernels: handing them to other threads costs more than it gains, some ten microseconds a call on an
    idle machine and milliseconds on a busy one. To be called before JAX computes for the first time; later it does nothing.

    Args:
        devices: Devices of the CPU. No more than are to be busy at once: XLA has a thread for each, and a program beside
            threads that wait hands its kernels to them.
    """
    os.environ.setdefault("NPROC", "1")
    import jax

    jax.config.update("jax_cpu_enable_async_dispatch", False)
    forced = "xla_force_host_platform_device_count" in os.environ.get("XLA_FLAGS", "")
    if devices > 1 and not forced and jax.config.jax_num_cpu_devices < 0:  # type: ignore[attr-defined]
        with contextlib.suppress(RuntimeError):  # JAX has computed already
            jax.config.update("jax_num_cpu_devices", devices)


def keep_programs() -> None:
    """Keep compiled programs for the next process in the user's cache folder, unless it says where, or that it does not want to.

    JAX_COMPILATION_CACHE_DIR names another folder, JAX_ENABLE_COMPILATION_CACHE=false switches it off. Processes that are started
    later inherit it. To be called before JAX compiles for the first time; later it does nothing.
    """
    import jax  # reads the environment when it is imported, which may have been long ago

    if "JAX_COMPILATION_CACHE_DIR" in os.environ or jax.config.jax_compilation_cache_dir is not None:  # type: ignore[attr-defined]
        return
    folder = _cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:  # a home that cannot be written, or none: then without
        return
    # A program that cannot be kept, or was kept by half when a process was killed, is compiled: nobody needs to hear of it.
    warnings.filterwarnings("ignore", message="Error (reading|writing) persistent compilation cache")
    os.environ["JAX_COMPILATION_CACHE_DIR"] = os.fspath(folder)
    jax.config.update("jax_compilation_cache_dir", os.fspath(folder))
    if "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS" not in os.environ:
        os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = str(WORTH_KEEPING)
        jax.config.update("jax_persistent_cache_min_compile_time_secs", WORTH_KEEPING)


def _cache_folder() -> Path:
    """Return the user's folder for programs of this kind of processor: a home may be shared by machines that are unlike."""
    base = os.environ.get("XDG_CACHE_HOME") or ("~/Library/Caches" if sys.platform == "darwin" else "~/.cache")
    try:
        kind = re.search(r"^(?:flags|Features)\s*:.*$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        kind = None
    name = hashlib.sha256(kind[0].encode()).hexdigest()[:8] if kind else "cpu"
    return Path(os.path.expanduser(base)) / "neurorl" / f"jax-{name}"
