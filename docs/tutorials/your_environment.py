# %% [markdown]
# # Your own environment
#
# Any Gymnasium environment can be learned, if its observations and actions are a fixed number of numbers
# ([spaces](../spaces.md)). Here it is a room whose heater is switched on and off. Energy costs, and so does every degree
# that the room is too cold or too warm.

# %%
import gymnasium
import numpy as np
from gymnasium import spaces


class Room(gymnasium.Env):
    """A room with a heater; a step is five minutes, an episode a day.

    Observation: room temperature and outdoor temperature, C. Action: heater off or on.
    """

    observation_space = spaces.Box(np.float32([5.0, -10.0]), np.float32([35.0, 15.0]))
    action_space = spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.time, self.room, self.cold = 0, self.np_random.uniform(14.0, 26.0), self.np_random.uniform(-5.0, 5.0)
        return self._seen(), {}

    def step(self, action):
        self.time += 1
        self.room += 0.03 * (self._outdoors() - self.room) + 1.6 * action  # leaks to the cold, and 1.6 C a step of heating
        reward = -abs(self.room - 21.0) - 0.5 * action
        return self._seen(), float(reward), False, False, {}

    def _outdoors(self):
        return self.cold + 4.0 * np.sin(2.0 * np.pi * self.time / 288.0)

    def _seen(self):
        return np.clip(np.float32([self.room, self._outdoors()]), self.observation_space.low, self.observation_space.high)


# %% [markdown]
# Gymnasium's own checker finds what is wrong with an environment before any agent does.

# %%
from gymnasium.utils.env_checker import check_env

check_env(Room(), skip_render_check=True)

# %% [markdown]
# The class is passed as it is; every learner gets a room of its own. The environment has no time limit, so one is given:
# reaching it is *truncation*, after which nothing is learned, because the day's end is not the room's doing.
# `spiking-sarsa` is the agent whose one configuration is meant for many tasks: it finds the scale of the rewards by itself.
# One thing we know of rooms: what the heater does shows within the hour, so a horizon of ten steps is enough, which is a
# `gamma` of 0.9.

# %%
import neurorl

run = neurorl.train(
    Room,
    "spiking-sarsa",
    seeds=2,
    steps=8_000,
    eval_every=2_000,
    eval_episodes=5,
    max_episode_steps=288,
    settings={"gamma": 0.9},
    out="runs/room",
)
run.summary["final_eval_return_iqm"]

# %% [markdown]
# Is that good? What to compare with in a new environment are simple policies. A thermostat at 21 degrees is nearly the best
# there is; chance and a heater that is always on say what nothing learned looks like.


# %%
def day(policy, seed):
    """Return the temperatures of a day and its return."""
    env = gymnasium.wrappers.TimeLimit(Room(), 288)
    observation, _ = env.reset(seed=seed)
    temperatures, total, over = [], 0.0, False
    while not over:
        temperatures.append(observation[0])
        observation, reward, terminated, truncated, _ = env.step(policy(observation))
        total, over = total + reward, terminated or truncated
    return temperatures, total


agent, coin = run.agent(0), np.random.default_rng(0)
policies = {
    "learned": agent.act,
    "thermostat": lambda observation: int(observation[0] < 21.0),
    "chance": lambda observation: int(coin.integers(2)),
    "always on": lambda observation: 1,
}
returns = {}
for name, policy in policies.items():
    days = []
    for seed in range(10):
        agent.reset()
        days.append(day(policy, seed)[1])
    returns[name] = np.mean(days)
returns

# %%
import matplotlib.pyplot as plt

figure, axes = plt.subplots(figsize=(8, 3))
for name in ("learned", "thermostat", "chance"):
    agent.reset()
    axes.plot(np.arange(288) / 12.0, day(policies[name], seed=1)[0], label=name, lw=1)
axes.set(xlabel="hour of the day", ylabel="room, C", ylim=(5, 35))
axes.legend(frameon=False)
figure.show()

# %%
assert returns["learned"] > 0.5 * (returns["thermostat"] + returns["chance"]), "more than half the way from chance"

# %% [markdown]
# Kept in a file, `my_envs.py`, and registered there, the room has an id and a time limit of its own, and every command
# knows it as `my_envs:Room-v0`. An environment that is written in JAX is compiled together with the agent and runs a
# hundred times as fast: [Extending](../extending.md) shows both. Next: [a network of your own](network.py).
