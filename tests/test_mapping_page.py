import functools
import importlib
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[1] / "docs" / "from-omega-snn-and-neuromod.md"
NAMES = sorted(set(re.findall(r"`((?:neurorl|experiments)[\w.]*:[\w.]+)`", PAGE.read_text())))


@pytest.mark.parametrize("name", NAMES)
def test_what_the_page_names_exists(name):
    module, _, path = name.partition(":")
    assert functools.reduce(getattr, path.split("."), importlib.import_module(module)) is not None


def test_the_page_names_every_room_of_the_substrate():
    for room in ("neurons", "synapses", "codes", "plasticity", "homeostasis", "neuromodulation", "networks", "analysis"):
        assert any(name.startswith(f"neurorl.{room}.") for name in NAMES)
