"""JAX on the CPU with a compilation cache that outlives the test run, arrays checked, and reproducible property tests."""

import gc
import os
import shutil
import tempfile
from importlib import metadata

import pytest
from hypothesis import settings

from tests import runtime_types

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", os.path.join(tempfile.gettempdir(), "neurorl-jax-cache"))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")

# The suite compiles ten thousand programs and runs most of them once: XLA's older emitters of loops take two thirds of the time
# for that. Programs then run more slowly, and to another last bit; with the flag set to true they are those of users.
if "xla_cpu_use_fusion_emitters" not in os.environ.get("XLA_FLAGS", ""):
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_cpu_use_fusion_emitters=false".strip()

# Thousands of compiled programs stay; looking at all of them again and again took some 7 % of the time.
gc.set_threshold(100_000, 20, 20)

runtime_types.install()

settings.register_profile("neurorl", deadline=None, max_examples=20, derandomize=True)
settings.load_profile("neurorl")


def pytest_terminal_summary(terminalreporter):
    """Name the simulators and suites that tests meet: under xdist the process that reports reads no deeper conftest."""
    from experiments import simulators
    from neurorl.envs.suites import HOSTED, SUITES

    versions = simulators.installed()
    met = ", ".join(f"{name} {versions.get(name, 'absent')}" for name in simulators.SIMULATORS)
    terminalreporter.write_line(f"simulators met: {met}")
    distributions = metadata.packages_distributions()
    found = {prefix: distributions.get(suite.package) for prefix, suite in {**SUITES, **HOSTED}.items()}
    met = ", ".join(f"{prefix}/ {metadata.version(names[0]) if names else 'absent'}" for prefix, names in found.items())
    terminalreporter.write_line(f"suites met: gymnax {metadata.version('gymnax')}, {met}")


@pytest.fixture(scope="session", autouse=True)
def drawing_spikes():
    """Draw ``spikes.png`` where a test asks for it only: it takes a short run as long as learning does. Return what draws it."""
    from neurorl.runs.session import Session

    draw = Session._draw_spikes
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Session, "_draw_spikes", lambda self, path: shutil.copy(self.folder.learning_curve, path))
        yield draw


@pytest.fixture
def spikes_are_drawn(drawing_spikes, monkeypatch):
    """Draw ``spikes.png`` as users see it drawn."""
    monkeypatch.setattr("neurorl.runs.session.Session._draw_spikes", drawing_spikes)


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory, drawing_spikes):
    """A small finished run with all its figures, shared by tests that only read it."""
    import neurorl

    out = tmp_path_factory.mktemp("runs") / "finished"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("neurorl.runs.session.Session._draw_spikes", drawing_spikes)
        return neurorl.train("CartPole-v1", seeds=3, steps=600, eval_every=200, eval_episodes=2, checkpoint_every=200, out=out)
