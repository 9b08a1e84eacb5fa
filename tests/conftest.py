"""JAX on the CPU with a compilation cache that outlives the test run, and reproducible property tests."""

import os
import tempfile

from hypothesis import settings

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", os.path.join(tempfile.gettempdir(), "neurorl-jax-cache"))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.5")

settings.register_profile("neurorl", deadline=None, max_examples=20, derandomize=True)
settings.load_profile("neurorl")


def pytest_terminal_summary(terminalreporter):
    """Name the simulators that the parity tests meet: under xdist the process that reports reads no deeper conftest."""
    from experiments import simulators

    versions = simulators.installed()
    met = ", ".join(f"{name} {versions.get(name, 'absent')}" for name in simulators.SIMULATORS)
    terminalreporter.write_line(f"simulators met: {met}")
