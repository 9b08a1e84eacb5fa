"""The names that users write: flat, complete, and each from where it lives."""

import importlib
import subprocess
import sys

import pytest

import neurorl

PACKAGES = ("analysis", "codes", "homeostasis", "networks", "neuromodulation", "neurons", "plasticity", "synapses")


@pytest.mark.parametrize("package", PACKAGES)
def test_each_package_has_what_it_names(package):
    module = importlib.import_module(f"neurorl.{package}")
    assert module.__all__
    for name in module.__all__:
        assert getattr(module, name) is not None, name


def test_the_top_has_what_it_names_and_dir_lists_it():
    for name in neurorl.__all__:
        assert getattr(neurorl, name) is not None
        assert name in dir(neurorl)
    with pytest.raises(AttributeError, match="no attribute 'Netwrok'"):
        neurorl.Netwrok  # noqa: B018


def test_other_programs_forms_are_there_without_an_import_of_their_own():
    code = "import neurorl; print(neurorl.nir.to_nir.__name__, neurorl.exchange.of_record.__name__)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert found == ["to_nir", "of_record"]


def test_the_import_itself_loads_no_heavy_library():
    code = "import sys, neurorl; print([m for m in ('jax', 'gymnax', 'matplotlib', 'pandas', 'orbax') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
