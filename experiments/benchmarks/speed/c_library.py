"""Compile a C reference for this machine and load it."""

import ctypes
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

FLAGS = ("-O3", "-march=native", "-mprefer-vector-width=512", "-ffast-math", "-fPIC", "-c")
HERE = Path(__file__).resolve().parent


def available() -> bool:
    """Return whether a C compiler is installed."""
    return shutil.which("gcc") is not None


@cache
def load(source: str, **constants: int) -> ctypes.CDLL:
    """Compile ``source``, a file of this folder, with ``constants`` defined, and return it as a loaded library.

    It is linked without -ffast-math: with it, loading the library would flush subnormal numbers in the whole process.
    """
    defined = [f"-D{name}={value}" for name, value in constants.items()]
    with tempfile.TemporaryDirectory() as folder:
        compiled, library = Path(folder) / "reference.o", Path(folder) / "reference.so"
        subprocess.run(["gcc", *FLAGS, *defined, "-o", compiled, HERE / source], check=True)
        subprocess.run(["gcc", "-shared", "-o", library, compiled, "-lm"], check=True)
        return ctypes.CDLL(library)
