"""Seaquest, step by step gymnax's with the same draws, at a fraction of its price.

gymnax keeps a hundred rows for the entities of a kind, closes the gaps in them a dozen times a step, and compares every bullet
with every target. Here there are as many rows as a game can fill (:data:`ROWS`); entities that go are marked, and gaps are closed
once, at a step's end; and what is seen is painted row by row, as bits of a word.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from gymnax.environments.minatar.seaquest import EnvParams, EnvState, MinSeaquest
from gymnax.environments.minatar.seaquest_helpers import BOARD_SIZE
from jax import Array

from neurorl import rarely

# Rows for each kind; where they are full no more come. A bullet of the submarine's leaves after 9 steps, so that there are never
# more than 10. By gymnax's parameters 3 divers are in the water at once, and in the fastest game, in which an enemy comes at
# every step and takes 30 to cross, 30 enemies.
ROWS = {"f_bullets": 10, "e_bullets": 32, "e_fish": 32, "e_subs": 32, "divers": 8}
COUNTS = {
    "f_bullets": "f_bullet_count",
    "e_bullets": "e_bullet_count",
    "e_fish": "e_fish_count",
    "e_subs": "e_subs_count",
    "divers": "divers_count",
}


class Draws(NamedTuple):
    """What a step draws at which anybody is due."""

    enemy_right: Array  # [], bool
    enemy_is_sub: Array  # [], bool
    enemy_y: Array  # [], int
    diver_right: Array  # [], bool
    diver_y: Array  # [], int


class Kind(NamedTuple):
    """The entities of a kind in the order in which they came, with gaps."""

    x: Array  # [n], int
    y: Array  # [n], int
    right: Array  # [n], bool: the way they go
    there: Array  # [n], bool
    timers: tuple[Array, ...]  # each [n], int: until they move, until they shoot


class Seaquest(MinSeaquest):
    """gymnax's game."""

    def step_env(
        self, key: Array, state: EnvState, action: Any, params: EnvParams
    ) -> tuple[Array, EnvState, Array, Array, dict[Any, Any]]:
        """Return the observation, the state, the reward, whether the game is over, and the discount."""
        action, shot_timer = self.action_set[action], state.shot_timer
        nobody = Draws(*(jnp.zeros(x.shape, x.dtype) for x in jax.eval_shape(drawn, key)))
        draws = rarely.instead((state.e_spawn_timer == 0) | (state.d_spawn_timer == 0), drawn, nobody, key)
        state, full, (bullets, shots, fish, subs, divers) = arrived(draws, state, params)

        # The submarine and its bullets
        sub_x = jnp.clip(state.sub_x + (action == 3) - (action == 1), 0, 9)
        sub_y = jnp.clip(state.sub_y + (action == 4) - (action == 2), 0, 8)
        sub_or = (state.sub_or & (action != 1)) | (action == 3)
        fires = (action == 5) & (shot_timer == 0)
        bullets = flown(joined(bullets, state.f_bullet_count, fires & ~full["f_bullets"], sub_x, sub_y, sub_or))
        bullets, fish, hit_fish = met(bullets, fish)
        bullets, subs, hit_subs = met(bullets, subs)

        def at_sub(kind: Kind) -> Array:
            return kind.there & (kind.x == sub_x) & (kind.y == sub_y)

        divers, aboard = picked_up(divers, at_sub(divers), state.diver_count)
        divers = moved(divers, params.diver_move_interval)
        divers, aboard = picked_up(divers, at_sub(divers), aboard)

        # Enemies, and what they shoot
        over = at_sub(subs).any() | at_sub(fish).any()
        subs = moved(subs, state.move_speed)
        over |= at_sub(subs).any()
        bullets, subs, hit_moved = met(bullets, subs)
        shoots = subs.there & (subs.timers[1] == 0)
        reload = jnp.where(shoots, params.enemy_shot_interval, jnp.maximum(subs.timers[1] - 1, 0))
        subs = subs._replace(timers=(subs.timers[0], reload))
        shoots &= before(shoots) < ROWS["e_bullets"] - state.e_bullet_count
        new = Kind(subs.x, subs.y, subs.right, shoots, ())
        shots = jax.tree.map(lambda old, more: jnp.concatenate([old, more]), shots, new)
        over |= at_sub(shots).any()
        shots = flown(shots)
        fish = moved(fish, state.move_speed)
        over |= at_sub(shots).any() | at_sub(fish).any()
        bullets, fish, hit_last = met(bullets, fish)

        state = state.replace(
            sub_x=sub_x,
            sub_y=sub_y,
            sub_or=sub_or,
            diver_count=jnp.minimum(6, aboard),
            shot_timer=jnp.where(fires, params.shot_cool_down, shot_timer),
        )
        state, surfaced, drowned = self._step_timers(state, params)
        over = state.terminal | over | drowned
        seen = [bullets, shots, fish, subs, divers]
        for name, kind in zip(ROWS, seen, strict=True):
            state = state.replace(**{name: closed(kind)[: ROWS[name]], COUNTS[name]: kind.there.sum(dtype=jnp.int32)})
        reward = (hit_fish + hit_subs + hit_moved + hit_last).astype(jnp.float32) + surfaced
        state = state.replace(time=state.time + 1, terminal=over)
        picture = painted(state, params, *seen)
        observation = (picture[:, None, :] >> jnp.arange(BOARD_SIZE)[:, None] & 1).astype(jnp.float32)
        return observation, state, reward, over, {"discount": self.discount(state, params)}

    def reset_env(self, key: Array, params: EnvParams) -> tuple[Array, EnvState]:
        """Return the first observation and state of a game."""
        observation, state = super().reset_env(key, params)
        return observation, state.replace(**{name: getattr(state, name)[:rows] for name, rows in ROWS.items()})


def drawn(key: Array) -> Draws:
    """Return what gymnax draws with this key: of enemies and of divers at once, because every draw costs as much as several."""
    chances, rows = jnp.moveaxis(jax.vmap(jax.random.split)(jax.random.split(key)), 1, 0)
    chance = jax.vmap(lambda key: jax.random.uniform(key, (2,)))(chances)
    y = jax.vmap(lambda key: jax.random.randint(key, (), 1, 9))(rows)
    return Draws(chance[0, 0] < 0.5, chance[0, 1] < 1.0 / 3.0, y[0], chance[1, 0] < 0.5, y[1])


def arrived(draws: Draws, state: EnvState, params: EnvParams) -> tuple[EnvState, dict[str, Array], list[Kind]]:
    """Return the state with its spawn timers set, which kinds were full, and the entities of every kind, with those that come."""
    full = {name: getattr(state, count) >= ROWS[name] for name, count in COUNTS.items()}
    kinds = {name: kind_of(getattr(state, name), getattr(state, count)) for name, count in COUNTS.items()}
    against = [
        (kind.there & (kind.y == draws.enemy_y) & (kind.right != draws.enemy_right)).any()
        for kind in (kinds["e_subs"], kinds["e_fish"])
    ]
    due, diver_due = state.e_spawn_timer == 0, state.d_spawn_timer == 0
    comes = due & ~(against[0] | against[1])
    enemy = (jnp.where(draws.enemy_right, 0, 9), draws.enemy_y, draws.enemy_right, state.move_speed)
    diver = (jnp.where(draws.diver_right, 0, 9), draws.diver_y, draws.diver_right, params.diver_move_interval)
    new = {
        "e_subs": (comes & draws.enemy_is_sub, *enemy, params.enemy_shot_interval),
        "e_fish": (comes & ~draws.enemy_is_sub, *enemy),
        "divers": (diver_due, *diver),
    }
    for name, (one, *entity) in new.items():
        kinds[name] = joined(kinds[name], getattr(state, COUNTS[name]), one & ~full[name], *entity)
    state = state.replace(
        e_spawn_timer=jnp.where(due, state.e_spawn_speed, state.e_spawn_timer),
        d_spawn_timer=jnp.where(diver_due, params.diver_spawn_speed, state.d_spawn_timer),
    )
    return state, full, [kinds[name] for name in ROWS]


def picked_up(divers: Kind, here: Array, aboard: Array) -> tuple[Kind, Array]:
    """Return the divers left in the water, and how many are aboard, no more than 6; ``here`` [n] are those at the submarine."""
    taken = here & (before(here) < jnp.maximum(6 - aboard, 0))
    return divers._replace(there=divers.there & ~taken), aboard + taken.sum(dtype=jnp.int32)


def kind_of(rows: Array, count: Array) -> Kind:
    """Return the entities in the first ``count`` rows of a buffer of gymnax's."""
    columns = [rows[:, i] for i in range(rows.shape[1])]
    return Kind(columns[0], columns[1], columns[2] != 0, jnp.arange(rows.shape[0]) < count, tuple(columns[3:]))


def joined(kind: Kind, count: Array, comes: Array, x: Array, y: Array, right: Array, *timers: Any) -> Kind:
    """Return entities without gaps and, where it ``comes`` [], one more behind them."""
    here = (jnp.arange(kind.x.size) == count) & comes
    new = Kind(x, y, right, jnp.bool_(True), timers)
    return jax.tree.map(lambda old, one: jnp.where(here, one, old), kind, new)


def flown(kind: Kind) -> Kind:
    """Return bullets a cell further, those that leave gone."""
    x = kind.x + jnp.where(kind.right, 1, -1)
    return kind._replace(x=x, there=kind.there & (x >= 0) & (x < BOARD_SIZE))


def moved(kind: Kind, speed: Array) -> Kind:
    """Return swimmers after a step, those whose time has come a cell further, those that leave gone."""
    ready = kind.there & (kind.timers[0] == 0)
    x = kind.x + jnp.where(ready, jnp.where(kind.right, 1, -1), 0)
    timer = jnp.where(ready, speed, jnp.maximum(kind.timers[0] - 1, 0))
    return kind._replace(x=x, there=kind.there & (x >= 0) & (x < BOARD_SIZE), timers=(timer, *kind.timers[1:]))


def met(bullets: Kind, targets: Kind) -> tuple[Kind, Kind, Array]:
    """Return bullets and targets without those that met, and how many targets did.

    A bullet flies at the first target in its cell, and of the bullets that fly at one the last hits it.
    """
    rows, columns = jnp.arange(bullets.x.size)[:, None], jnp.arange(targets.x.size)
    same = (bullets.x[:, None] == targets.x) & (bullets.y[:, None] == targets.y) & bullets.there[:, None] & targets.there
    first = jnp.where(same, columns, targets.x.size).min(1)
    aimed = same & (columns == first[:, None])
    last = jnp.where(aimed, rows, -1).max(0)
    spent = (aimed & (last == rows)).any(1)
    hit = last >= 0
    return (
        bullets._replace(there=bullets.there & ~spent),
        targets._replace(there=targets.there & ~hit),
        hit.sum(dtype=jnp.int32),
    )


def before(flags: Array) -> Array:
    """Return how many flags are up before each, [n]."""
    rows = jnp.arange(flags.size)
    return (flags & (rows < rows[:, None])).sum(1, dtype=jnp.int32)


def closed(kind: Kind) -> Array:
    """Return entities as rows without gaps, [n, 3 or more], and zeros behind them.

    The first gap is closed, again and again, until there is none: mostly once, or not at all.
    """
    word = 1 + 2 * kind.right + 4 * kind.x + 64 * kind.y
    columns = jnp.where(kind.there, jnp.stack([word, *kind.timers]), 0)
    number = jnp.arange(kind.x.size)

    def next_one(columns: Array) -> Array:
        return jax.lax.pad(columns, jnp.int32(0), ((0, 0, 0), (-1, 1, 0)))

    def gaps(columns: Array) -> Array:
        return ((columns[0] == 0) & (next_one(columns)[0] != 0)).any()

    def close(columns: Array) -> Array:
        first = jnp.where(columns[0] == 0, number, number.size).min()
        return jnp.where(number < first, columns, next_one(columns))

    word, *timers = jax.lax.while_loop(gaps, close, columns)
    return jnp.stack([word >> 2 & 15, word >> 6 & 15, word >> 1 & 1, *timers], axis=-1)


def painted(state: EnvState, params: EnvParams, bullets: Kind, shots: Kind, fish: Kind, subs: Kind, divers: Kind) -> Array:
    """Return the picture, [10 rows, 10 channels], a cell a bit."""
    rows = jnp.arange(BOARD_SIZE)
    board = (1 << BOARD_SIZE) - 1

    def cells(kind: Kind) -> Array:
        """Where they are, and 16 bits further where they were."""
        behind = jnp.where(kind.right, 1 << kind.x >> 1, 2 << kind.x) & board
        words = jnp.where(kind.there & (kind.y == rows[:, None]), 1 << kind.x | behind << 16, 0)
        return jax.lax.reduce(words, jnp.int32(0), jax.lax.bitwise_or, (1,))

    seen_fish, seen_subs, seen_divers = cells(fish), cells(subs), cells(divers)
    # gymnax paints the cell behind the submarine modulo nothing: left of the board is its right edge, right of it nowhere.
    behind = jnp.where(state.sub_or, jnp.where(state.sub_x == 0, 1 << 9, 1 << state.sub_x >> 1), 2 << state.sub_x)
    last = rows == BOARD_SIZE - 1
    air = jnp.clip(jnp.maximum(state.oxygen, 0) * 10 // params.max_oxygen, 0, BOARD_SIZE)
    bit = jnp.arange(BOARD_SIZE)
    rescued = jnp.where((bit >= 9 - state.diver_count) & (bit < 9), 1 << bit, 0).sum()
    channels = (
        jnp.where(rows == state.sub_y, 1 << state.sub_x, 0),
        jnp.where(rows == state.sub_y, behind, 0),
        cells(bullets),
        (seen_fish | seen_subs | seen_divers) >> 16,
        cells(shots),
        seen_fish,
        seen_subs,
        jnp.where(last, (1 << air) - 1, 0),
        jnp.where(last, rescued, 0),
        seen_divers,
    )
    return jnp.stack(channels, axis=-1)
