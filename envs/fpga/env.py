"""The board by gymnax's contract: ``FpgaTelemetry`` with discrete joint actions, ``FpgaTelemetryContinuous`` with a Box."""

from typing import Any

import jax.numpy as jnp
import numpy as np
from gymnax.environments import spaces
from gymnax.environments.environment import Environment
from jax import Array

from neurorl.envs.fpga import board, scenarios
from neurorl.envs.fpga.actions import Command, command, continuous_command
from neurorl.envs.fpga.parameters import FpgaParameters
from neurorl.envs.fpga.types import ACTIONS, OBSERVATION, FpgaState


class FpgaTelemetry(Environment[FpgaState, FpgaParameters]):
    """Drive an FPGA board."""

    def __init__(self, scenario: str = "nominal", report: str = ""):
        """Make the board.

        Args:
            scenario: One of ``scenarios.SCENARIOS``.
            report: File of the Vivado timing report, for the scenario "report-driven".
        """
        self.scenario, self.report = scenario, report
        self._params = scenarios.parameters(scenario, report)

    @property
    def name(self) -> str:
        """Name of the environment."""
        return "FpgaTelemetry-v0"

    @property
    def default_params(self) -> FpgaParameters:
        """Parameters of the scenario."""
        return self._params

    @property
    def num_actions(self) -> int:
        """Number of discrete actions."""
        return ACTIONS

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

    def command(self, action: Array) -> Command:
        """Return what an action asks for."""
        return command(action)

    def action_space(self, params: FpgaParameters | None = None) -> spaces.Discrete:
        """Return the space of actions."""
        return spaces.Discrete(ACTIONS)

    def observation_space(self, params: FpgaParameters | None = None) -> spaces.Box:
        """Return the space of observations."""
        low = np.array([r.low for r in OBSERVATION], np.float32)
        high = np.array([r.high for r in OBSERVATION], np.float32)
        return spaces.Box(low, high, (len(OBSERVATION),), jnp.float32)


class FpgaTelemetryContinuous(FpgaTelemetry):
    """The same board with actions in [-1, 1]^6: clock, voltage, fan, scrub, reload, resync."""

    @property
    def name(self) -> str:
        """Name of the environment."""
        return "FpgaTelemetryContinuous-v0"

    @property
    def num_actions(self) -> int:
        """Number of numbers in an action."""
        return 6

    def command(self, action: Array) -> Command:
        """Return what an action asks for: the three moves, or the repair that is asked for most, above 0.9."""
        return continuous_command(action)

    def action_space(self, params: FpgaParameters | None = None) -> spaces.Box:
        """Return the space of actions."""
        return spaces.Box(-1.0, 1.0, (6,), jnp.float32)
