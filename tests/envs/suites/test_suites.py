"""Every suite answers as by its own calls, episodes end and begin as it has them, and what cannot be is said in a sentence."""

import importlib
import sys
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from gymnasium import spaces

from neurorl import cli
from neurorl.agents.random import Random
from neurorl.envs import resolve, suites
from neurorl.envs.environments import ended
from neurorl.envs.suites.episode import SuiteWorld, box
from neurorl.envs.world import Answer
from neurorl.errors import NeurorlError
from neurorl.loops.jax_loop import JaxLoop


class Own(NamedTuple):
    """An environment by the calls of its suite."""

    make: object  # () -> environment
    begin: object  # (environment, key) -> state, observation
    act: object  # (environment, key, state, action) -> state, observation, reward, terminated, truncated


def pgx_breakout():
    def act(env, key, state, action):
        state = env.step(state, action, key)
        return state, state.observation.astype(float), state.rewards[0], state.terminated, state.truncated

    def begin(env, key):
        state = env.init(key)
        return state, state.observation.astype(float)

    return Own(lambda: importlib.import_module("pgx").make("minatar-breakout"), begin, act)


def jumanji_snake():
    def seen(timestep):
        o = timestep.observation
        return {"grid": o.grid, "step_count": o.step_count, "action_mask": o.action_mask.astype(float)}

    def begin(env, key):
        state, timestep = env.reset(key)
        return state, seen(timestep)

    def act(env, key, state, action):
        state, timestep = env.step(state, action)
        return state, seen(timestep), timestep.reward, timestep.last() & (timestep.discount == 0), False

    return Own(lambda: importlib.import_module("jumanji").make("Snake-v1", num_rows=4, num_cols=4), begin, act)


def navix_empty():
    def begin(env, key):
        timestep = env.reset(key)
        return timestep, timestep.observation

    def act(env, key, state, action):
        timestep = env.step(state, action)
        return timestep, timestep.observation, timestep.reward, timestep.is_termination(), timestep.is_truncation()

    def make():
        return importlib.import_module("navix").make("Navix-Empty-5x5-v0", max_steps=9)

    return Own(make, begin, act)


def xminigrid_empty():
    def begin(env, key):
        timestep = env[0].reset(env[1], key)
        return timestep, timestep.observation

    def act(env, key, state, action):
        timestep = env[0].step(env[1], state, action)
        terminated = timestep.discount == 0
        return timestep, timestep.observation, timestep.reward, terminated, timestep.last() & ~terminated

    return Own(lambda: importlib.import_module("xminigrid").make("MiniGrid-Empty-5x5", max_steps=9), begin, act)


def brax_like(make):
    def begin(env, key):
        state = env.reset(key)
        return state, state.obs

    def act(env, key, state, action):
        state = env.step(state, action)
        return state, state.obs, state.reward, state.done > 0, False

    return Own(make, begin, act)


def craftax_classic():
    def begin(env, key):
        observation, state = env.reset(key, env.default_params)
        return state, observation

    def act(env, key, state, action):
        observation, state, reward, done, _ = env.step(key, state, action, env.default_params)
        return state, observation, reward, done, False

    def make():
        return importlib.import_module("craftax.craftax_env").make_craftax_env_from_name("Craftax-Classic-Symbolic-v1", False)

    return Own(make, begin, act)


JAX = {"impl": "jax"}
CASES = {  # id: what its suite says, what is set, and the steps after which an episode is cut
    "pgx/minatar-breakout": (pgx_breakout(), {}, None),
    "jumanji/Snake-v1": (jumanji_snake(), {"num_rows": 4, "num_cols": 4}, None),
    "navix/Navix-Empty-5x5-v0": (navix_empty(), {"max_steps": 9}, 9),
    "xminigrid/MiniGrid-Empty-5x5": (xminigrid_empty(), {"max_steps": 9}, 9),
    "brax/inverted_pendulum": (
        brax_like(lambda: importlib.import_module("brax.envs").get_environment("inverted_pendulum")),
        {},
        4,
    ),
    "playground/CartpoleBalance": (
        brax_like(lambda: importlib.import_module("mujoco_playground").registry.load("CartpoleBalance", config_overrides=JAX)),
        {},
        9,
    ),
    "craftax/Craftax-Classic-Symbolic-v1": (craftax_classic(), {}, 9),
}
HEAVY = ("brax", "playground", "craftax")  # compile for tens of seconds
CASES = [
    pytest.param(env_id, *case, id=env_id, marks=[pytest.mark.slow] if env_id.split("/")[0] in HEAVY else [])
    for env_id, case in CASES.items()
]


def needs(prefix):
    pytest.importorskip(suites.SUITES[prefix].package, reason=f"pip install 'neurorl[{suites.SUITES[prefix].extra}]'")


def like(one, other):
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(np.asarray(a, float), np.asarray(b, float), rtol=1e-5, atol=1e-5), one, other
    )


@pytest.mark.parametrize(("env_id", "own", "settings", "limit"), CASES)
def test_answers_are_those_of_the_suite_and_the_next_episode_begins_by_itself(env_id, own, settings, limit):
    needs(env_id.split("/")[0])
    task = resolve(env_id, settings=settings, max_episode_steps=limit)
    env, params = own.make(), task.env_params
    begin, act = jax.jit(lambda key: own.begin(env, key)), jax.jit(lambda *given: own.act(env, *given))
    step = jax.jit(task.world.step)
    key = jax.random.key(3)
    state, observation = jax.jit(task.world.reset)(key, params)
    theirs, expected = begin(jax.random.key_data(key))
    like(observation, expected)
    rng, ends, since = np.random.default_rng(1), [], 0
    task.action_space.seed(1)
    for i in range(40):
        assert contains(task.observation_space, observation), observation
        action = task.action_space.sample() if isinstance(task.action_space, spaces.Box) else rng.integers(task.action_space.n)
        action, since = jnp.asarray(action), since + 1
        key = jax.random.fold_in(key, i)
        now, again = jax.random.split(key)
        state, answer = step(key, state, action, params)
        theirs, expected, reward, terminated, truncated = act(jax.random.key_data(now), theirs, action)
        like((answer.final_observation, answer.reward), (expected, reward))
        assert bool(answer.terminated) == bool(terminated)
        assert bool(answer.truncated) == (bool(truncated) or since == limit)
        if answer.terminated | answer.truncated:
            ends.append(bool(answer.terminated))
            theirs, expected = begin(jax.random.key_data(again))
            since = 0
        observation = answer.observation
        like(observation, expected)
    assert len(ends) >= 2
    assert limit is None or not all(ends)


def contains(space, value):
    if isinstance(space, spaces.Dict):
        return all(contains(part, value[name]) for name, part in space.spaces.items())
    return space.contains(np.asarray(value, space.dtype))


@pytest.mark.slow
@pytest.mark.parametrize("env_id", [case.id for case in CASES])
def test_a_suite_trains_like_any_environment(env_id):
    needs(env_id.split("/")[0])
    task = resolve(env_id, max_episode_steps=20)
    assert (task.loop, task.env_id, task.known_id, task.max_episode_steps) == ("jax", env_id, env_id, 20)
    loop = JaxLoop(task, Random.for_spaces(task.observation_space, task.action_space), 0, 3, 1, 2)
    learners = loop.advance(loop.init(), 61)
    assert np.asarray(learners.episodes.finite).all()
    assert np.asarray(learners.episodes.ended).min() >= 3
    assert np.isfinite(loop.evaluate(learners)).all()


class Countdown(SuiteWorld):
    """Ends an episode itself after three steps, if it is not cut before."""

    ends_itself = "time_limit"

    def __init__(self):
        super().__init__(self, "countdown", box(0, 9, ()), spaces.Discrete(2), 3)

    def first(self, key):
        return jnp.zeros((), int), jnp.float32(0.0)

    def after(self, key, state, action):
        state += 1
        return state, Answer(jnp.float32(state), 1.0, False, state >= 3, jnp.float32(state))


class Writer(SuiteWorld):
    """Writes into the state that it is given, as MuJoCo Playground does."""

    def __init__(self):
        super().__init__(self, "writer", box(0, 9, ()), spaces.Discrete(2), 3)

    def first(self, key):
        return {"step": jnp.float32(0.0), "measured": jnp.float32(0.0)}, jnp.float32(0.0)

    def after(self, key, state, action):
        state["measured"] = state["step"] + 1.0
        after = state | {"step": state["measured"]}
        return after, Answer(after["step"], 1.0, False, False, after["step"])


def test_an_environment_that_writes_into_its_state_trains():
    task = resolve(Writer())
    loop = JaxLoop(task, Random.for_spaces(task.observation_space, task.action_space), 0, 2, 1, 2)
    learners = loop.advance(loop.init(), 7)
    assert np.asarray(learners.episodes.ended).tolist() == [2, 2]
    assert loop.evaluate(learners).tolist() == [[3.0, 3.0]] * 2


def test_an_episode_is_cut_earlier_but_never_later_than_the_suite_ends_it():
    for limit, ends in ((None, [False, False, True, False]), (2, [False, True, False, True])):
        task = resolve(Countdown(), max_episode_steps=limit)
        sub, said = task.sub_environment(0, jax.random.key(0)), []
        sub.begin()
        for _ in range(4):
            timestep = sub.step(jnp.int32(0))
            assert not timestep.terminated
            said.append(bool(timestep.truncated))
        assert said == ends
    with pytest.raises(NeurorlError, match=r"the time limit is 4, .* after 3 steps by itself; raise that with env.time_limit"):
        resolve(Countdown(), max_episode_steps=4)


def test_what_a_reset_costs_is_paid_when_one_is_needed():
    task = resolve(Countdown())
    lanes = jax.vmap(task.world.reset, in_axes=(0, None))(jax.random.split(jax.random.key(0), 4), task.env_params)
    step = jax.vmap(task.world.step, in_axes=(0, 0, 0, None))
    text = jax.jit(step).lower(jax.random.split(jax.random.key(1), 4), lanes[0], jnp.zeros(4, int), task.env_params).as_text()
    assert "stablehlo.case" in text or "stablehlo.if" in text


def test_gymnax_goes_with_and_without_a_prefix():
    plain, prefixed = resolve("Catch-bsuite", settings={"rows": 8}), resolve("gymnax/Catch-bsuite", settings={"rows": 8})
    assert (prefixed.env_id, prefixed.known_id) == ("gymnax/Catch-bsuite", "Catch-bsuite")
    assert (prefixed.parameters, prefixed.observation_space) == (plain.parameters, plain.observation_space)
    assert resolve("gymnax/CartPole-v1").twin() is not None
    for env_id in ("gymnax/Catch-bsuit", "brax/ant"):
        with pytest.raises(NeurorlError, match=r"exists only in JAX: use --loop jax"):
            resolve(env_id, "host")
    with pytest.raises(NeurorlError, match=r"unknown environment 'gymnax/Catch-bsuit'; did you mean 'gymnax/Catch-bsuite'\?"):
        resolve("gymnax/Catch-bsuit")


def test_the_names_of_a_suite_are_listed(capsys):
    needs("pgx")
    assert cli.main(["list", "pgx/"]) == 0
    shown = capsys.readouterr().out
    assert "pgx/2048" in shown
    assert "pgx/chess" not in shown  # for two


@pytest.mark.parametrize("prefix", [*suites.SUITES, *suites.HOSTED])
def test_a_package_that_is_not_there_is_named_with_its_extra(prefix, monkeypatch):
    package, extra, _ = {**suites.SUITES, **suites.HOSTED}[prefix]
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(NeurorlError, match=rf"'{prefix}/x' needs the package {package}.* pip install \"neurorl\[{extra}\]\""):
        resolve(f"{prefix}/x")


@pytest.mark.parametrize(
    ("env_id", "package", "steps"),
    [("bsuite/catch-v0", "shimmy", 9), ("ALE/Pong-v5", "ale_py", None), ("InvertedPendulum-v5", "mujoco", None)],
)
def test_suites_of_gymnasium_play_in_the_host_loop(env_id, package, steps):
    pytest.importorskip(package)
    task = resolve(env_id)
    assert task.loop == "host"
    environments = task.environments(2)
    rows, ends = environments.begin([0, 1]), []
    for _ in range(30):
        rows = environments.advance(np.zeros((2, *(task.action_space.shape or ())), task.action_space.dtype))
        ends.append(ended(rows).tolist())
    environments.close()
    assert np.isfinite(rows).all()
    if steps:  # catch drops its ball for nine steps
        assert np.flatnonzero(np.array(ends)[:, 0]).tolist() == [steps - 1, 2 * steps - 1, 3 * steps - 1]


def test_names_parameters_and_kinds_that_a_suite_does_not_have_are_refused():
    needs("jumanji")
    with pytest.raises(NeurorlError, match=r"unknown environment 'jumanji/Snak-v1'; did you mean 'Snake-v1'\?; `neurorl list"):
        resolve("jumanji/Snak-v1")
    with pytest.raises(NeurorlError, match=r"unknown parameter 'env.num_row'; did you mean 'num_rows'\?"):
        resolve("jumanji/Snake-v1", settings={"num_row": 3})
    with pytest.raises(NeurorlError, match=r"'jumanji/Connector-v3' rewards 10 agents at once; neurorl trains one"):
        resolve("jumanji/Connector-v3")
    with pytest.raises(NeurorlError, match=r"'jumanji/Snake-v1' .* after 4000 steps by itself; raise that with env.time_limit"):
        resolve("jumanji/Snake-v1", max_episode_steps=5000)
    assert resolve("jumanji/Snake-v1", settings={"time_limit": 5000}).max_episode_steps == 5000


def test_rules_that_must_be_loaded_are_asked_for():
    needs("xminigrid")
    with pytest.raises(NeurorlError, match=r"has no goal without a ruleset; load one and pass the environment from Python"):
        resolve("xminigrid/XLand-MiniGrid-R1-9x9")


def test_what_observes_is_chosen_by_name():
    needs("navix")
    assert resolve("navix/Navix-Empty-5x5-v0", settings={"observation": "categorical"}).observation_space.shape == (5, 5)
    with pytest.raises(NeurorlError, match=r"'env.observation' is 'symbolc'; it must be one of .* did you mean 'symbolic'\?"):
        resolve("navix/Navix-Empty-5x5-v0", settings={"observation": "symbolc"})
