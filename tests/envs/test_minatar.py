"""MinAtar by gymnax meets the original games (`minatar`): step by step from the same states, and in scores as published.

What gymnax does differently is in docs/suites.md; that nothing else is, these tests find.
"""

import functools
import importlib
from typing import Any, NamedTuple

import gymnax
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurorl.agents.random import Random
from neurorl.envs import minatar as ours
from neurorl.envs import resolve
from neurorl.envs.minatar import games
from neurorl.errors import NeurorlError
from neurorl.loops import kinds

GAMES = {
    "Asterix": "asterix",
    "Breakout": "breakout",
    "Freeway": "freeway",
    "Seaquest": "seaquest",
    "SpaceInvaders": "space_invaders",
}
# Mean returns of a random agent in the original code, minimal actions and sticky ones.
RANDOM = {"Asterix": 0.49, "Breakout": 0.36, "Freeway": 0.35, "Seaquest": 0.12, "SpaceInvaders": 4.0}


def original(game):
    minatar = pytest.importorskip("minatar", reason="pip install 'neurorl[minatar]'")
    return minatar.Environment(GAMES[game], sticky_action_prob=0.0).env


def rows(array, count):
    """Return the first rows of a buffer as the lists that the original keeps, its flags as bool."""
    return [[bool(x) if i == 2 else int(x) for i, x in enumerate(row)] for row in np.asarray(array)[: int(count)]]


def put(game, env, s):
    """Put the state of gymnax into the original."""
    if game == "Asterix":
        for name in (
            "player_x",
            "player_y",
            "spawn_speed",
            "spawn_timer",
            "move_speed",
            "move_timer",
            "ramp_timer",
            "ramp_index",
        ):
            setattr(env, name, int(getattr(s, name)))
        env.entities = [[int(x[0]), int(x[1]), bool(x[2]), bool(x[3])] if x[4] else None for x in np.asarray(s.entities)]
    elif game == "Breakout":
        for name in ("ball_x", "ball_y", "ball_dir", "pos", "last_x", "last_y"):
            setattr(env, name, int(getattr(s, name)))
        env.brick_map, env.strike = np.array(s.brick_map), bool(s.strike)
    elif game == "Freeway":
        env.pos, env.move_timer, env.terminate_timer = int(s.pos), int(s.move_timer), 2500
        env.cars = np.asarray(s.cars).tolist()
    elif game == "Seaquest":
        for name in ("oxygen", "sub_x", "sub_y", "diver_count", "e_spawn_speed", "e_spawn_timer", "d_spawn_timer", "move_speed"):
            setattr(env, name, int(getattr(s, name)))
        env.ramp_index, env.shot_timer = int(s.ramp_index), int(s.shot_timer)
        env.sub_or, env.surface = bool(s.sub_or), bool(s.surface)
        env.f_bullets, env.e_bullets = rows(s.f_bullets, s.f_bullet_count), rows(s.e_bullets, s.e_bullet_count)
        env.e_fish, env.e_subs = rows(s.e_fish, s.e_fish_count), rows(s.e_subs, s.e_subs_count)
        env.divers = rows(s.divers, s.divers_count)
    else:
        for name in (
            "pos",
            "alien_dir",
            "enemy_move_interval",
            "alien_move_timer",
            "alien_shot_timer",
            "ramp_index",
            "shot_timer",
        ):
            setattr(env, name, int(getattr(s, name)))
        env.f_bullet_map, env.e_bullet_map, env.alien_map = (np.array(x) for x in (s.f_bullet_map, s.e_bullet_map, s.alien_map))
    env.terminal = False


def draws(game, state):
    """Return whether the step from a state is random, so that the two cannot be compared."""
    if game == "Asterix":
        return int(state.spawn_timer) == 0
    return game == "Seaquest" and (int(state.e_spawn_timer) == 0 or int(state.d_spawn_timer) == 0)


@functools.cache
def gymnaxs(game):
    """Return gymnax's game without a time limit, its parameters, and its compiled step."""
    env, params = gymnax.make(f"{game}-MinAtar")
    params = params.replace(max_steps_in_episode=10**6)
    return env, params, jax.jit(functools.partial(env.step_env, params=params))


class Step(NamedTuple):
    """A step of gymnax's game."""

    key: Any
    state: Any
    index: int  # of the action
    observation: Any
    after: Any
    reward: Any
    ended: Any


@functools.cache
def played(game):
    """Return steps that several tests look at."""
    return list(steps(game, 1500, seed=5))


def steps(game, count, seed):
    """Yield steps of gymnax's game, in episodes of a random agent that goes where it helps."""
    env, params, step = gymnaxs(game)
    rng, key, state = np.random.default_rng(seed), jax.random.key(seed), None
    for _ in range(count):
        key, now = jax.random.split(key)
        if state is None:
            _, state = env.reset_env(now, params)
            state = easier(game, state, rng)
        action = int(rng.integers(env.num_actions))
        if game == "Breakout" and rng.random() < 0.8:  # follow the ball, or an episode is over at once
            action = 1 + int(state.ball_x > state.pos) if state.ball_x != state.pos else 0
        if game == "Freeway" and rng.random() < 0.7:
            action = 1
        observation, after, reward, ended, _ = step(now, state, action)
        yield Step(now, state, action, np.asarray(observation), after, float(reward), bool(ended))
        state = None if ended else after


def easier(game, state, rng):
    """Return a first state that is further on: few aliens left, few bricks, or a fast game."""
    if game == "SpaceInvaders" and rng.random() < 0.5:
        return state.replace(alien_map=state.alien_map * (rng.random((10, 10)) < 0.1))
    if game == "Breakout" and rng.random() < 0.5:
        return state.replace(brick_map=state.brick_map * (rng.random((10, 10)) < 0.1))
    if game == "Asterix" and rng.random() < 0.5:
        return state.replace(ramp_timer=0, ramp_index=int(rng.integers(8)), move_speed=int(rng.integers(1, 5)))
    if game == "Seaquest" and rng.random() < 0.7:
        return state.replace(
            move_speed=jnp.int32(rng.integers(2, 5)),
            e_spawn_speed=jnp.int32(rng.integers(1, 20)),
            diver_count=jnp.int32(rng.integers(0, 7)),
            sub_y=jnp.int32(rng.integers(0, 9)),
        )
    return state


@pytest.mark.parametrize("game", GAMES)
def test_gymnax_steps_as_the_original(game):
    env, compared, different, actions = original(game), 0, [], gymnaxs(game)[0].action_set
    for _, state, index, observation, _, reward, ended in played(game):
        if draws(game, state):
            continue
        put(game, env, state)
        gained, over = env.act(int(actions[index]))
        compared += 1
        seen, expected = observation > 0, env.state()
        if game == "Freeway" and gained:  # new cars, drawn by each
            seen, expected = seen[..., :1], expected[..., :1]
        if game == "Seaquest" and ended:  # who surfaces without a diver dies; gymnax fills the gauges in this last picture
            seen, expected = (np.delete(x, (7, 8), -1) for x in (seen, expected))
        if not (np.array_equal(seen, expected) and float(gained) == reward and bool(over) == ended):
            different.append((compared, gained, reward, over, ended))
    assert compared > 1000
    assert not different, different[:5]


def test_a_step_that_is_not_the_originals_is_found():
    """The comparison of above sees one pixel."""
    env = original("Breakout")
    step = next(steps("Breakout", 1, seed=5))
    put("Breakout", env, step.state.replace(pos=step.state.pos + 1))
    env.act(int(gymnaxs("Breakout")[0].action_set[step.index]))
    assert not np.array_equal(env.state(), step.observation > 0)


def crowd(game, count):
    """Yield steps of gymnax's game from states of many entities, where they meet more often than in play."""
    env, params, step = gymnaxs(game)
    rng, first = np.random.default_rng(7), jax.device_get(env.reset_env(jax.random.key(0), params)[1])

    def rows(number, width):
        """Between none and 9 entities, or 2, in a corner of the board."""
        filled = rng.integers(0, 10 if number > 8 else 3)
        buffer = np.zeros((100, width), np.int32)
        buffer[:filled, :2] = rng.integers(0, (4, 3), (filled, 2))
        buffer[:filled, 2:] = rng.integers(0, 2, (filled, width - 2))
        return {"buffer": buffer, "count": np.int32(filled)}

    for i in range(count):
        state, key, index = first, jax.random.key(i), int(rng.integers(env.num_actions))
        for buffer, count_of in seaquest().COUNTS.items():
            made = rows(seaquest().ROWS[buffer], getattr(first, buffer).shape[1])
            state = state.replace(**{buffer: made["buffer"], count_of: made["count"]})
        state = state.replace(
            sub_x=np.int32(rng.integers(4)),
            sub_y=np.int32(rng.integers(3)),
            sub_or=np.bool_(rng.integers(2)),
            surface=np.bool_(rng.integers(2)),
            diver_count=np.int32(rng.integers(7)),
            oxygen=np.int32(rng.integers(-1, 201)),
            e_spawn_timer=np.int32(rng.integers(2)),
            d_spawn_timer=np.int32(rng.integers(2)),
            ramp_index=np.int32(rng.integers(4)),
        )
        observation, after, reward, ended, _ = step(key, state, index)
        yield Step(key, state, index, np.asarray(observation), after, float(reward), bool(ended))


def seaquest():
    return importlib.import_module("neurorl.envs.minatar.seaquest")


def cut(state):
    """Return a state of gymnax's with as many rows as ours has."""
    if not hasattr(state, "e_fish"):
        return state
    return state.replace(**{name: getattr(state, name)[..., :rows, :] for name, rows in seaquest().ROWS.items()})


@pytest.mark.parametrize("game", [name.removeprefix("Min") for name in games.QUICK])
def test_a_quick_game_is_gymnaxs_bit_for_bit(game):
    """The same observation, state, reward and end from every state, for the same key and action; and the same beginning."""
    env, params, _ = gymnaxs(game)
    quick = games.quick(env)
    assert type(quick) is not type(env)
    found = played(game) + (list(crowd(game, 300)) if game == "Seaquest" else [])
    first, begun = env.reset_env(jax.random.key(3), params)
    assert all(
        map(np.array_equal, jax.tree.leaves(quick.reset_env(jax.random.key(3), params)), jax.tree.leaves((first, cut(begun))))
    )
    states, expected = (
        jax.tree.map(lambda *x: np.stack(x), *[jax.device_get(getattr(step, which)) for step in found])
        for which in ("state", "after")
    )
    states, expected = cut(states), cut(expected)
    keys = jax.random.wrap_key_data(np.stack([jax.random.key_data(step.key) for step in found]))
    indices = np.array([step.index for step in found])
    step = jax.jit(jax.vmap(functools.partial(quick.step_env, params=params)))
    observations, after, rewards, ended, info = step(keys, states, indices)
    assert np.array_equal(observations, np.stack([step.observation for step in found]))
    assert np.array_equal(rewards, [step.reward for step in found])
    assert np.array_equal(ended, [step.ended for step in found])
    assert np.array_equal(info["discount"], 1.0 - ended)
    for name in after.__dataclass_fields__:
        ours_, theirs = getattr(after, name), getattr(expected, name)
        assert ours_.dtype == theirs.dtype, name
        assert np.array_equal(ours_, theirs), name
    assert np.sum(rewards) >= 10  # it was not in vain


def test_a_sticky_action_is_the_one_before_whichever_episode_that_was_in():
    """With probability 1 nothing but the very first action, 0, is ever taken; with 0 the game is gymnax's own."""
    task = resolve("Breakout-MinAtar", settings={"sticky": 1.0})
    state, _ = task.world.reset(jax.random.key(0), task.env_params)
    own, params = task.env, task.env_params
    step, theirs = jax.jit(task.world.step), jax.jit(own.step)
    inner = state.state
    for i in range(30):
        key = jax.random.fold_in(jax.random.key(1), i)
        state, answer = step(key, state, jnp.int32(2), params)
        observation, inner, *_ = theirs(jax.random.split(key, 3)[0], inner, 0, params)
        np.testing.assert_array_equal(answer.observation, observation)
    loose = ours.MinAtar(own, 0.0, False)
    step, (state, _), inner = jax.jit(loose.step), loose.reset(jax.random.key(0), params), own.reset(jax.random.key(0), params)[1]
    for i in range(30):
        key = jax.random.fold_in(jax.random.key(1), i)
        state, answer = step(key, state, jnp.int32(i % 3), params)
        observation, inner, *_ = theirs(jax.random.split(key, 3)[0], inner, i % 3, params)
        np.testing.assert_array_equal(answer.observation, observation)


def test_a_tenth_of_the_actions_sticks():
    task = resolve("Breakout-MinAtar", settings={"rules": "published"})

    @jax.jit
    @jax.vmap
    def taken(key):
        state = task.world.reset(key, task.env_params)[0]._replace(action=jnp.int32(1))
        return task.world.step(key, state, jnp.int32(2), task.env_params)[0].action

    stuck = np.asarray(taken(jax.random.split(jax.random.key(0), 4000))) == 1
    assert stuck.mean() == pytest.approx(0.1, abs=4 * np.sqrt(0.1 * 0.9 / 4000))


def test_rules_are_asked_for_by_name_and_overruled_one_by_one():
    plain, published = resolve("Asterix-MinAtar"), resolve("Asterix-MinAtar", settings={"rules": "published"})
    assert (plain.max_episode_steps, plain.parameters["sticky"], plain.changed) == (1000, 0.0, False)
    assert (published.max_episode_steps, published.parameters["sticky"], published.changed) == (100_000, 0.1, True)
    assert resolve("Freeway-MinAtar", settings={"rules": "published"}).max_episode_steps == 2501
    limited = resolve("Asterix-MinAtar", settings={"rules": "published", "max_steps_in_episode": 50, "sticky": 0.25})
    assert (limited.max_episode_steps, limited.parameters["sticky"]) == (50, 0.25)
    assert published.known_id == plain.known_id == "Asterix-MinAtar"
    again = resolve("Asterix-MinAtar", settings=published.parameters)  # as a run's folder makes it
    assert again.parameters == published.parameters
    with pytest.raises(NeurorlError, match=r"'env.rules' is 'publishd'; it must be one of gymnax, published; did you mean"):
        resolve("Asterix-MinAtar", settings={"rules": "publishd"})
    with pytest.raises(NeurorlError, match=r"'env.sticky' is 1.5; it is a probability, from 0 to 1"):
        resolve("Asterix-MinAtar", settings={"sticky": 1.5})
    with pytest.raises(NeurorlError, match=r"unknown parameter 'env.sticky'"):
        resolve("Catch-bsuite", settings={"sticky": 0.1})


def test_games_that_differ_in_their_rules_do_not_share_a_program():
    agent = Random(actions=5)
    tasks = [resolve("Asterix-MinAtar", settings={"sticky": sticky}) for sticky in (0.0, 0.1, 0.1, 0.2)]
    keys = [kinds.program(task, agent) for task in tasks]
    assert keys[1] == keys[2]
    assert len(set(keys)) == 3


def test_asterix_spawns_into_any_free_row_and_over_nothing():
    env, params = gymnax.make("Asterix-MinAtar")
    _, state = env.reset_env(jax.random.key(0), params)
    keys = jax.random.split(jax.random.key(1), 2000)
    spawn = jax.jit(jax.vmap(ours.spawned, in_axes=(0, None)))

    def found(filled):
        entities = jnp.zeros((8, 5), int).at[:, 1].set(jnp.arange(1, 9)).at[jnp.array(filled, int), 4].set(1)
        due = state.replace(entities=entities, spawn_timer=0)
        return np.asarray(spawn(keys, due).entities), np.asarray(entities)

    full, before = found(list(range(8)))
    assert (full == before).all()
    one, before = found([0, 1, 2, 4, 5, 6, 7])
    assert (one[:, 3, 4] == 1).all()
    assert (np.delete(one, 3, 1) == np.delete(before, 3, 0)).all()
    some, _ = found([0, 1, 2, 3])
    share = (some[:, 4:, 4] == 1).mean(0)
    np.testing.assert_allclose(share, 0.25, atol=4 * np.sqrt(0.25 * 0.75 / 2000))
    assert one[:, 3, 3].mean() == pytest.approx(1 / 3, abs=0.05)
    assert one[:, 3, 2].mean() == pytest.approx(1 / 2, abs=0.05)
    early = state.replace(spawn_timer=3)
    assert (np.asarray(spawn(keys, early).entities) == np.asarray(early.entities)).all()


@pytest.mark.slow
@pytest.mark.parametrize("game", GAMES)
def test_a_random_agent_scores_by_the_published_rules_as_in_the_original_code(game):
    """Its mean return over a few hundred games lies within four standard errors of the original's."""
    task = resolve(f"{game}-MinAtar", settings={"rules": "published"})
    learners, steps_each = (64, 2501) if game == "Freeway" else (256, 400)

    def play(key):
        first, key = jax.random.split(key)
        state, _ = task.border.begin(first, task.env_params)

        def step(carry, i):
            state, going, total = carry
            now, choice = jax.random.split(jax.random.fold_in(key, i))
            action = jax.random.randint(choice, (), 0, task.action_space.n)
            state, timestep = task.border.step(now, state, action, task.env_params)
            return (state, going & ~(timestep.terminated | timestep.truncated), total + going * timestep.reward), None

        (_, going, total), _ = jax.lax.scan(step, (state, True, 0.0), jnp.arange(steps_each))
        return total, going

    totals, going = jax.jit(jax.vmap(play))(jax.random.split(jax.random.key(2), learners))
    assert np.asarray(going).mean() < 0.02  # nearly every game has ended
    totals = np.asarray(totals)
    spread = max(totals.std(), 0.3) / np.sqrt(learners)
    assert totals.mean() == pytest.approx(RANDOM[game], abs=4 * spread)
