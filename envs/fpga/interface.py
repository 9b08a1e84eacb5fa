"""What a board takes and gives as pure functions of arrays, of no suite: ``env.py`` is the same for gymnax, ``gymnasium_env.py``
for Gymnasium, which need not wait until gymnax is imported.
"""

from typing import Any

import jax.numpy as jnp
import numpy as np
from gymnasium import spaces
from jax import Array

from neurorl.envs.fpga import board, scenarios
from neurorl.envs.fpga.actions import Command, command, continuous_command
from neurorl.envs.fpga.parameters import FpgaParameters
from neurorl.envs.fpga.types import ACTIONS, OBSERVATION, FpgaState


class Interface:
    """The board with discrete joint actions; what it takes and gives is described in ``env.FpgaTelemetry``."""

    def __init__(self, scenario: str = "nominal", report: str = ""):
        """Make the board.

        Args:
            scenario: One of ``scenarios.SCENARIOS``.
            report: File of the Vivado timing report, for the scenario "report-driven".
        """
        self.scenario, self.report = scenario, report
        self._params = scenarios.parameters(scenario, report)

    @property
    def default_params(self) -> FpgaParameters:
        """Parameters of the scenario."""
        return self._params

    def reset_env(self, key: Array, params: FpgaParameters) -> tuple[Array, FpgaState]:
        """Return the first observation and a board drawn from ``key``."""
        state = board.init(params, key)
        return state.observation, state

    def step_env(
        self, key: Array, state: FpgaState, action: Array, params: FpgaParameters
    ) -> tuple[Array, FpgaState, Array, Array, dict[str, Any]]:
        """Advance a tick; ``key`` is not used, because an episode follows from its reset key and the actions."""
        del key
        state, out = board.step(params, state, self.command(action))
        info = {"telemetry": out.frame, "events": out.events, "faults": out.faults, "metrics": out.metrics}
        return state.observation, state, out.reward, out.terminated, info

    def get_obs(self, state: FpgaState, params: FpgaParameters | None = None, key: Array | None = None) -> Array:
        """Return what was seen at the end of the last tick."""
        return state.observation

    def is_terminated(self, state: FpgaState, params: FpgaParameters) -> Array:
        """Return whether the part is dead."""
        return state.dead

    def is_truncated(self, state: FpgaState, params: FpgaParameters) -> Array:
        """Return whether the episode's time is over."""
        return jnp.asarray(state.time >= params.max_steps_in_episode)

    def command(self, action: Array) -> Command:
        """Return what an action asks for."""
        return command(action)

    def gymnasium_spaces(self, params: FpgaParameters | None = None) -> tuple[spaces.Space[Any], spaces.Space[Any]]:
        """Return the spaces of observations and actions."""
        low = np.array([r.low for r in OBSERVATION], np.float32)
        high = np.array([r.high for r in OBSERVATION], np.float32)
        return spaces.Box(low, high), self.action_space_in_gymnasium()

    def action_space_in_gymnasium(self) -> spaces.Space[Any]:
        """Return the space of actions."""
        return spaces.Discrete(ACTIONS)


class ContinuousInterface(Interface):
    """The board with a Box of actions."""

    def command(self, action: Array) -> Command:
        """Return what an action asks for: the three moves, or the repair that is asked for most, above 0.9."""
        return continuous_command(action)

    def action_space_in_gymnasium(self) -> spaces.Space[Any]:
        """Return the space of actions."""
        return spaces.Box(-1.0, 1.0, (6,))
