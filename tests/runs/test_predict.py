"""A trained agent acts for many environments at once, and for Stable-Baselines3 as one of its own models."""

import gymnasium
import jax
import numpy as np
import pytest
from gymnasium import spaces

import neurorl
from neurorl.agents.random import Random
from neurorl.envs import resolve
from neurorl.errors import NeurorlError
from neurorl.runs.run import TrainedAgent


@pytest.fixture(scope="module")
def played():
    """Return what an agent does alone in two CartPoles, one after the other, with the observations that it acted on."""

    def play(agent, seed):
        env, seen, done, total = agent.environment(), [], [], 0.0
        agent.reset()
        observation, _ = env.reset(seed=seed)
        for _ in range(30):
            seen.append(observation)
            done.append(agent.act(observation))
            observation, reward, terminated, truncated, _ = env.step(done[-1])
            total += reward
            if terminated or truncated:
                break
        return seen, done, total

    return play


def test_side_by_side_it_acts_as_alone(finished_run, played):
    agent = finished_run.agent(1)
    (seen, done, _), (others, theirs, _) = played(agent, 3), played(agent, 4)
    state = None
    for i in range(min(len(seen), len(others))):
        actions, state = agent.predict(np.stack([seen[i], others[i]]), state)
        assert actions.shape == (2,)
        assert actions.tolist() == [done[i], theirs[i]]
    alone, state = agent.predict(seen[0])
    assert int(alone) == done[0]
    assert np.ndim(alone) == 0


def test_who_begins_an_episode_comes_to_rest(finished_run, played):
    agent = finished_run.agent(1)
    seen, done, _ = played(agent, 3)
    _, state = agent.predict(np.stack([seen[5], seen[6]]))
    actions, (activity, _) = agent.predict(np.stack([seen[0], seen[0]]), state, np.array([True, False]))
    assert actions[0] == done[0]
    fresh, (rested, _) = agent.predict(np.stack([seen[0], seen[0]]))
    leaves = list(zip(jax.tree.leaves(activity), jax.tree.leaves(rested), strict=True))
    assert all(np.array_equal(a[0], b[0]) for a, b in leaves)
    assert any(not np.array_equal(a[1], b[1]) for a, b in leaves)
    assert fresh[0] == fresh[1]


def test_stable_baselines3_evaluates_it(finished_run, played):
    pytest.importorskip("stable_baselines3", reason="needs the extra sb3")
    from stable_baselines3.common.evaluation import evaluate_policy
    from stable_baselines3.common.monitor import Monitor
    from stable_baselines3.common.vec_env import DummyVecEnv

    agent = finished_run.agent(0)
    env = DummyVecEnv([lambda: Monitor(agent.environment())] * 2)
    env.seed(7)
    returns, lengths = evaluate_policy(agent, env, n_eval_episodes=2, return_episode_rewards=True)
    alone = [played(agent, 7)[2], played(agent, 8)[2]]
    assert [min(total, 30.0) for total in returns] == alone
    assert returns == [float(length) for length in lengths]


def test_dictionaries_come_in_batches_too():
    space = spaces.Dict(a=spaces.Box(-1.0, 1.0, (2,)), b=spaces.Discrete(3))

    class Both(gymnasium.Env):
        observation_space, action_space = space, spaces.Discrete(4, start=5)

        def reset(self, *, seed=None, options=None):
            super().reset(seed=seed)
            return {"a": np.zeros(2, np.float32), "b": 1}, {}

        def step(self, action):
            return {"a": np.zeros(2, np.float32), "b": 2}, 0.0, False, False, {}

    task = resolve(Both)
    agent = Random.for_spaces(task.observation_space, task.action_space)
    one = TrainedAgent(agent, agent.init(jax.random.key(0)), task)
    actions, _ = one.predict({"a": np.zeros((40, 2), np.float32), "b": np.ones(40, int)})
    assert set(actions.tolist()) == {5, 6, 7, 8}
    assert one.predict({"a": np.zeros(2, np.float32), "b": 1})[0] in (5, 6, 7, 8)
    with pytest.raises(NeurorlError, match=r"predict\(\) was given 3 as observation"):
        one.predict({"a": np.zeros((1, 2)), "b": np.array([3])})


def test_what_cannot_be_is_refused(finished_run):
    agent = finished_run.agent(0)
    with pytest.raises(NeurorlError, match="'deterministic' is False; a trained agent acts greedily"):
        agent.predict(np.zeros(4), deterministic=False)
    with pytest.raises(NeurorlError, match=r"predict\(\) was given an observation with a NaN"):
        agent.predict(np.full((2, 4), np.nan))
    with pytest.raises(NeurorlError, match=r"predict\(\) was given an array of shape \(3,\)"):
        agent.predict(np.zeros((2, 3)))


def test_an_evaluation_may_be_in_a_changed_environment(finished_run, tmp_path):
    plain = finished_run.evaluate(4)
    heavy = finished_run.evaluate(4, settings={"env.force_mag": 0.001})
    assert (plain["environment"], plain["settings"]) == ("gymnasium", {})
    assert (heavy["environment"], heavy["settings"]) == ("gymnax", {"env.force_mag": 0.001})
    assert plain["returns"] != heavy["returns"]
    assert finished_run.evaluate(4)["returns"] == plain["returns"]  # the run is as it was
    for settings, said in (
        ({"env.lenght": 1.0}, r"unknown parameter 'env.lenght'; did you mean 'length'"),
        ({"gamma": 0.5}, r"'gamma' is no parameter of the environment; an evaluation can change those only: env.NAME"),
    ):
        with pytest.raises(NeurorlError, match=said):
            finished_run.evaluate(1, settings=settings)
    catch = neurorl.train("Catch-bsuite", "random", seeds=1, steps=40, eval_every=40, eval_episodes=1, out=tmp_path / "catch")
    with pytest.raises(NeurorlError, match=r"env.rows changes the observations from .* which the agents do not know"):
        catch.evaluate(1, settings={"env.rows": 7})
    lake = neurorl.train(
        "FrozenLake-v1", "random", seeds=1, steps=40, eval_every=40, eval_episodes=1, out=tmp_path / "lake", loop="host"
    )
    assert lake.evaluate(2, settings={"env.is_slippery": False})["environment"] == "gymnasium"
