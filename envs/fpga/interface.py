"""What a board takes and gives as pure functions of arrays, of no suite: ``env.py`` is the same for gymnax, ``gymnasium_env.py``
for Gymnasium, which need not wait until gymnax is imported.
"""

from typing import Any

import jax.numpy as jnp
import numpy as np
from gymnasium import spaces
from jax import Array

from neurorl.envs.fpga import board, estimates, scenarios, set_points
from neurorl.envs.fpga.actions import Command, command, continuous_command
from neurorl.envs.fpga.parameters import FpgaParameters
from neurorl.envs.fpga.set_points import SetPoints
from neurorl.envs.fpga.types import ACTIONS, OBSERVATION, FpgaState, Reading
from neurorl.errors import NeurorlError, nearest

ACTION_KINDS = ("moves", "set-points")


class Interface:
    """The board with discrete joint actions; what it takes and gives is described in ``env.FpgaTelemetry``."""

    def __init__(self, scenario: str = "nominal", report: str = "", actions: str = "moves", derived: bool = False):
        """Make the board.

        Args:
            scenario: One of ``scenarios.SCENARIOS``.
            report: File of the Vivado timing report, for the scenario "report-driven".
            actions: "moves" of the settings, or "set-points" that a servo approaches (``set_points``).
            derived: Whether the observation ends with the derived block (``estimates.DERIVED``).

        Raises:
            NeurorlError: An unknown scenario or kind of actions.
        """
        if actions not in ACTION_KINDS:
            raise NeurorlError(
                f"'actions' is '{actions}'; it must be one of {', '.join(ACTION_KINDS)}{nearest(actions, ACTION_KINDS)}"
            )
        self.scenario, self.report, self.actions, self.derived = scenario, report, actions, derived
        self._params = scenarios.parameters(scenario, report)

    @property
    def default_params(self) -> FpgaParameters:
        """Parameters of the scenario."""
        return self._params

    def reset_env(self, key: Array, params: FpgaParameters) -> tuple[Array, FpgaState]:
        """Return the first observation and a board drawn from ``key``."""
        state = board.init(params, key)
        if self.estimates:
            state = state.replace(estimates=estimates.init(state.observation))  # type: ignore[attr-defined]
        return self.get_obs(state), state

    def step_env(
        self, key: Array, state: FpgaState, action: Array, params: FpgaParameters
    ) -> tuple[Array, FpgaState, Array, Array, dict[str, Any]]:
        """Advance a tick; ``key`` is not used, because an episode follows from its reset key and the actions."""
        del key
        state, out = self.advance(params, state, action)
        info = {"telemetry": out.frame, "events": out.events, "faults": out.faults, "metrics": out.metrics}
        return self.get_obs(state), state, out.reward, out.terminated, info

    def advance(self, params: FpgaParameters, state: FpgaState, action: Array) -> tuple[FpgaState, board.Step]:
        """Return the board after a tick, and what the tick gave."""
        if self.actions == "moves":
            asked = self.command(action)
        else:
            asked = set_points.servo(self.set_points(action), state.estimates, state.observation)
        state, out = board.step(params, state, asked)
        if self.estimates:
            known = estimates.update(state.estimates, state.observation, asked.scrub | asked.reload | asked.resync)
            state = state.replace(estimates=known)  # type: ignore[attr-defined]
        return state, out

    def get_obs(self, state: FpgaState, params: FpgaParameters | None = None, key: Array | None = None) -> Array:
        """Return what was seen at the end of the last tick."""
        if not self.derived:
            return state.observation
        return jnp.concatenate([state.observation, estimates.derived(state.estimates, state.observation)])

    def is_terminated(self, state: FpgaState, params: FpgaParameters) -> Array:
        """Return whether the part is dead."""
        return state.dead

    def is_truncated(self, state: FpgaState, params: FpgaParameters) -> Array:
        """Return whether the episode's time is over."""
        return jnp.asarray(state.time >= params.max_steps_in_episode)

    @property
    def estimates(self) -> bool:
        """Whether the state has estimates: the servo and the derived block need them."""
        return self.derived or self.actions == "set-points"

    @property
    def readings(self) -> tuple[Reading, ...]:
        """What an observation consists of."""
        return OBSERVATION + estimates.DERIVED if self.derived else OBSERVATION

    def command(self, action: Array) -> Command:
        """Return what an action of moves asks for."""
        return command(action)

    def set_points(self, action: Array) -> SetPoints:
        """Return what an action of set-points asks for."""
        return set_points.of_choices(action)

    def gymnasium_spaces(self, params: FpgaParameters | None = None) -> tuple[spaces.Space[Any], spaces.Space[Any]]:
        """Return the spaces of observations and actions."""
        low = np.array([r.low for r in self.readings], np.float32)
        high = np.array([r.high for r in self.readings], np.float32)
        return spaces.Box(low, high), self.action_space_in_gymnasium()

    def action_space_in_gymnasium(self) -> spaces.Space[Any]:
        """Return the space of actions."""
        return spaces.Discrete(ACTIONS) if self.actions == "moves" else spaces.MultiDiscrete(list(set_points.CHOICES))


class ContinuousInterface(Interface):
    """The board with a Box of actions."""

    def command(self, action: Array) -> Command:
        """Return what an action asks for: the three moves, or the repair that is asked for most, above 0.9."""
        return continuous_command(action)

    def set_points(self, action: Array) -> SetPoints:
        """Return what an action of set-points asks for."""
        return set_points.of_numbers(action)

    def action_space_in_gymnasium(self) -> spaces.Space[Any]:
        """Return the space of actions."""
        return spaces.Box(-1.0, 1.0, (6,))
