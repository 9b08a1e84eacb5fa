"""The dopamine experiment, short: its recording is cut where it should be, and what it claims holds in few learners too."""

import numpy as np
import pytest

from experiments import dopamine
from experiments.dopamine import AFTER, BEFORE, DELAY, PAIRED, UNPAIRED, Phase


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    out = tmp_path_factory.mktemp("dopamine")
    values = dopamine.main(["--quick", "--seed", "77", "--out", str(out)])
    assert (out / "dopamine.png").stat().st_size > 50_000
    assert (out / "dopamine.json").is_file()
    return values


@pytest.mark.slow
def test_every_claim_holds_in_six_learners(table):
    tested = {claim: numbers["p"] for claim, numbers in table["claims"].items() if "p" in numbers}
    assert len(tested) == 8
    assert all(p < 0.05 for p in tested.values()), tested


def test_the_cue_comes_to_release_the_discounted_reward(table):
    claim = table["claims"]["after learning the cue releases the discounted reward"]
    assert claim["cue"]["iqm"] == pytest.approx(claim["theory"], abs=0.05)


SHORT = [Phase(8, PAIRED), Phase(6, UNPAIRED), Phase(0, UNPAIRED)]


def test_without_learning_the_claims_fail():
    """The negative control: critics that cannot change release at the reward for ever, and cue B means nothing to them."""
    agent = dopamine.learner()
    frozen = dopamine.session(agent.replace(critic=agent.critic.replace(learning_rate=0.0)), SHORT, range(77, 83), 14)
    same = dict.fromkeys(("default", "lambda 0", "blocked", "control"), frozen)
    claims = dopamine.claims({**same, "paired": 8})
    assert claims["the peak moves from the reward to the cue"]["seeds"] == 0
    assert claims["the dip comes when the reward was due"]["p"] > 0.05
    assert claims["after learning the cue releases more than the reward"]["p"] > 0.05
    assert claims["blocking: the added cue releases less than in controls"]["p"] > 0.05


def test_trials_are_cut_around_the_cue():
    recorded = dopamine.session(dopamine.learner(), SHORT, range(77, 83), 14)
    assert recorded.dopamine.shape == (6, 14, BEFORE + AFTER)
    assert np.isfinite(recorded.dopamine).all()
    first = recorded.dopamine[:, 0]
    assert (first[:, : BEFORE + DELAY] == 0.0).all(), "nothing is expected before the first reward"
    assert (first[:, BEFORE + DELAY] > 0.4).all()
