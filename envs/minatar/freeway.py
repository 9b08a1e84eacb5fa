"""Freeway, step by step gymnax's with the same draws, without its loops over the cars.

A chicken that is hit stands on the last row, where no car drives, so that the cars can be asked all at once whether one hits it.
"""

from typing import Any

import jax
import jax.numpy as jnp
from gymnax.environments.minatar.freeway import EnvParams, EnvState, MinFreeway, step_agent
from jax import Array

from neurorl import rarely

CARS, BOARD, COLUMN, START = 8, 10, 4, 9  # the column and the row that the chicken starts in


class Freeway(MinFreeway):
    """gymnax's game."""

    def step_env(
        self, key: Array, state: EnvState, action: Any, params: EnvParams
    ) -> tuple[Array, EnvState, Array, Array, dict[Any, Any]]:
        """Return the observation, the state, the reward, whether the game is over, and the discount."""
        state, reward, across = step_agent(self.action_set[action], state, params)
        x, row, timer, speed = state.cars.T
        drawn = rarely.instead(across, speeds, speed, key)
        timer = jnp.where(across, jnp.abs(drawn), timer)
        hit = (x == COLUMN) & (row == state.pos)
        goes = timer == 0
        x = jnp.where(goes, (x + jnp.where(drawn > 0, 1, -1)) % BOARD, x)
        hit |= goes & (x == COLUMN) & (row == state.pos)
        timer = jnp.where(goes, jnp.abs(drawn), timer - 1)
        state = state.replace(
            pos=jnp.where(hit.any(), START, state.pos),
            cars=jnp.stack([x, row, timer, drawn], axis=-1),
            move_timer=state.move_timer - (state.move_timer > 0),
            time=state.time + 1,
        )
        over = self.is_terminated(state, params)
        state = state.replace(terminal=over)
        return self.get_obs(state), state, reward.astype(jnp.float32), over, {"discount": self.discount(state, params)}

    def reset_env(self, key: Array, params: EnvParams) -> tuple[Array, EnvState]:
        """Return the first observation and state of a game."""
        speed = speeds(key)
        row = jnp.arange(1, CARS + 1, dtype=jnp.int32)
        cars = jnp.stack([jnp.zeros_like(row), row, jnp.abs(speed), speed], axis=-1)
        state = EnvState(pos=START, cars=cars, move_timer=params.player_speed, time=0, terminal=False)
        return self.get_obs(state), state

    def get_obs(self, state: EnvState, params: Any = None, key: Any = None) -> Array:
        """Return what is seen of a state, [10, 10, 7]: a car in each row but the first and the last."""
        x, _, _, speed = state.cars.T
        behind = (x + jnp.where(speed > 0, -1, 1)) % BOARD
        cell = jnp.arange(BOARD)
        channel = jnp.arange(2, self.obs_shape[2])
        chicken = (cell[:, None] == state.pos) & (cell == COLUMN)
        cars = jnp.pad(cell == x[:, None], ((1, 1), (0, 0)))
        trails = (cell == behind[:, None])[:, :, None] & (channel - 1 == jnp.abs(speed)[:, None])[:, None]
        seen = (chicken[:, :, None], cars[:, :, None], jnp.pad(trails, ((1, 1), (0, 0), (0, 0))))
        return jnp.concatenate(seen, axis=-1).astype(jnp.float32)


def speeds(key: Array) -> Array:
    """Return what gymnax draws with this key: of each car, [8], how many steps a cell takes it, and by the sign which way."""
    key_speed, key_way = jax.random.split(key)
    speed = jax.random.randint(key_speed, (CARS,), 1, 6)
    return speed * jax.random.choice(key_way, jnp.array([-1, 1]), (CARS,))
