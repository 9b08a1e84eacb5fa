"""What are 0 and 1 of a score? Freezes the means of nominal setting, best constant and oracle, for every scenario.

256 episodes each, whose keys serve nothing else; the best constant of a scenario is found on boards of the search.

    python -m experiments.fpga_scores [SCENARIO ...]
"""

import argparse
import json
from pathlib import Path

import jax
import numpy as np

from experiments.fpga_gates import EPISODES, drive, mean
from experiments.fpga_tuning import best_constant, drive_constants
from neurorl.envs.fpga import scenarios, score
from neurorl.envs.fpga.governors import found
from neurorl.files import write_atomically

SCORE_SEED = 27_182
STORE = Path(score.__file__).parent / "scores.json"


def main() -> None:
    known = [name for name in scenarios.SCENARIOS if name != scenarios.REPORT_DRIVEN]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenarios", nargs="*", help="which to measure [all]")
    keys = jax.random.split(jax.random.key(SCORE_SEED), EPISODES)
    governors = found.governors()
    for name in parser.parse_args().scenarios or known:
        p = scenarios.parameters(name)
        setting = best_constant(p)
        constants = drive_constants(p, np.array([found.NOMINAL, list(setting.values())], np.float32), keys)
        means = {"nominal": mean(constants[0]), "best constant": mean(constants[1])}
        means |= {key: mean(drive(p, governors[key], keys).reward) for key in ("tuned", "oracle")}
        stored = json.loads(STORE.read_text()) if STORE.exists() else {}
        stored[name] = {"episodes": EPISODES, "seed": SCORE_SEED, "best constant setting": setting} | means
        text = json.dumps({key: stored[key] for key in known if key in stored}, indent=1) + "\n"
        write_atomically(STORE, lambda path, text=text: path.write_text(text))  # type: ignore[misc]
        print(name, {key: round(value["mean"], 1) for key, value in means.items()}, flush=True)


if __name__ == "__main__":
    main()
