"""What does rliable say of the same scores? Its answers, which tests/results/test_statistics.py compares ours with.

rliable 1.2 needs pandas < 3 and arch < 8, hence an environment of its own: it is made at the first run, or named with --python.
The scores are random ones of our own. Beside its answers, the file holds the runs that its bootstrap drew, so that intervals can
be compared to the last digit and not only within the noise of resampling.

    python -m experiments.rliable_reference [--python PATH]
"""

import argparse
import os
import subprocess
import sys
import venv
from pathlib import Path

RLIABLE = ["rliable==1.2.0", "pandas<3", "arch<8"]
RESULT = Path("experiments/results/rliable.json")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", type=Path, help="Python of an environment with rliable")
    arguments = parser.parse_args()
    python = arguments.python or environment()
    done = subprocess.run([os.fspath(python), os.fspath(Path(__file__).resolve()), "--inside"], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{python} failed:\n{done.stderr[-2000:]}")
    RESULT.write_text(done.stdout)
    print(RESULT)


def environment() -> Path:
    """Return the Python of an environment with rliable in the user's cache, made where it is missing."""
    folder = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "neurorl" / "rliable"
    python = folder / "bin" / "python"
    if not (folder / "ready").is_file():
        print(f"making an environment with {' and '.join(RLIABLE)}", flush=True)
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *RLIABLE], check=True)
        (folder / "ready").touch()
    return python


def inside() -> None:
    """Print the scores and rliable's answers as JSON; runs where rliable is installed."""
    import json
    from importlib import metadata

    import numpy as np
    from rliable import library, metrics

    rng = np.random.default_rng(12)
    runs, other_runs, tasks, points, reps = 11, 7, 3, 4, 60
    x = rng.normal([1.0, 5.0, 9.0], [0.5, 2.0, 1.0], (runs, tasks)).round(2)
    y = rng.normal([1.2, 4.0, 9.0], [0.5, 2.0, 1.0], (other_runs, tasks)).round(2)
    y[0, 0] = x[0, 0]  # a tie
    curves = (x[:, :, None] * np.linspace(0.2, 1.0, points) + rng.normal(0.0, 0.2, (runs, tasks, points))).round(2)
    thresholds = np.linspace(0.0, 12.0, 13)

    def iqm(scores):  # type: ignore[no-untyped-def]
        return np.array([metrics.aggregate_iqm(scores)])

    def estimate(scores, statistic, draws, reps):  # type: ignore[no-untyped-def]
        """Return rliable's point and interval, and the runs that it draws, [reps][set of scores]."""
        np.random.seed(3)
        point, interval = library.get_interval_estimates({"x": scores}, statistic, reps=reps)
        np.random.seed(3)
        drawn = [[np.random.choice(n, (n, tasks), replace=True).tolist() for n in draws] for _ in range(reps)]
        return np.ravel(point["x"]).tolist(), np.squeeze(interval["x"]).tolist(), drawn

    def improvement(a, b):  # type: ignore[no-untyped-def]
        return np.array([metrics.probability_of_improvement(a, b)])

    point, interval, drawn = estimate(x, iqm, [runs], reps)
    pair_point, pair_interval, pair_drawn = estimate((x, y), improvement, [runs, other_runs], reps)
    profiles, bands = library.create_performance_profile({"x": x}, thresholds, reps=reps)
    np.random.seed(3)
    curve, curve_interval = library.get_interval_estimates(
        {"x": curves}, lambda s: np.array([metrics.aggregate_iqm(s[..., i]) for i in range(points)]), reps=20_000
    )
    result = {
        "rliable": metadata.version("rliable"),
        "python": sys.version.split()[0],
        "x": x.tolist(),
        "y": y.tolist(),
        "curves": curves.tolist(),
        "thresholds": thresholds.tolist(),
        "interquartile_mean": point[0],
        "interval": interval,
        "drawn": drawn,
        "improvement": pair_point[0],
        "improvement_interval": pair_interval,
        "improvement_drawn": pair_drawn,
        "interval_20000": estimate(x, iqm, [], 20_000)[1],
        "improvement_interval_20000": estimate((x, y), improvement, [], 20_000)[1],
        "profile": profiles["x"].tolist(),
        "profile_interval_20000": np.asarray(
            library.create_performance_profile({"x": x}, thresholds, reps=20_000)[1]["x"]
        ).tolist(),
        "sample_efficiency": np.ravel(curve["x"]).tolist(),
        "sample_efficiency_interval_20000": np.asarray(curve_interval["x"]).tolist(),
    }
    assert len(bands["x"]) == 2
    print(json.dumps(result))


if __name__ == "__main__":
    inside() if sys.argv[1:] == ["--inside"] else main()
