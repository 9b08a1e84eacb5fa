"""The board in Gymnasium: ``FpgaEnv`` and ``FpgaVectorEnv``, and both with continuous actions.

The board itself, its observation, actions and reward are described in ``neurorl.envs.fpga.env``.
"""

import functools
from typing import Any, ClassVar

from gymnasium.vector import AutoresetMode

from neurorl.envs.fpga import scenarios
from neurorl.envs.fpga.interface import ContinuousInterface, Interface
from neurorl.envs.fpga.parameters import FpgaParameters
from neurorl.envs.gymnasium_env import JaxEnv, Viewer, as_arrays
from neurorl.envs.vector_env import JaxVectorEnv
from neurorl.parameters import from_dict

METADATA = {"render_modes": ["human", "rgb_array"], "render_fps": 10}


class _Settings:
    """What both views take by keyword: a scenario, a report, and any parameter of the board."""

    board: ClassVar[type[Interface]] = Interface
    params: Any

    def make_viewer(self) -> Viewer:
        """Return a dashboard."""
        from neurorl.envs.fpga.dashboard import Dashboard

        return Dashboard(self.params)

    def take_options(self, options: dict[str, Any]) -> Any:
        """Return the parameters that hold from this reset on: the same settings as those of the constructor."""
        return as_arrays(parameters(**options)) if options else self.params


class FpgaEnv(_Settings, JaxEnv):
    """The board with 30 discrete actions."""

    metadata: dict[str, Any] = METADATA

    def __init__(
        self,
        scenario: str = "nominal",
        report: str = "",
        render_mode: str | None = None,
        *,
        actions: str = "moves",
        derived: bool = False,
        **settings: Any,
    ):
        """Make the board.

        Args:
            scenario: One of ``scenarios.SCENARIOS``.
            report: File of a Vivado timing report, for the scenario "report-driven".
            render_mode: "human", "rgb_array" or None.
            actions: "moves", or "set-points" that a servo approaches (``set_points``).
            derived: Whether the observation ends with the derived block (``estimates.DERIVED``).
            **settings: Parameters of the board (``FpgaParameters``) that differ from the scenario's.
        """
        board = _shared(self.board, actions, derived)  # type: ignore[arg-type] # a class can be hashed
        super().__init__(board, parameters(scenario, report, **settings), render_mode)


class FpgaContinuousEnv(FpgaEnv):
    """The board with actions in [-1, 1]^6."""

    board = ContinuousInterface


class FpgaVectorEnv(_Settings, JaxVectorEnv):
    """Many boards with discrete actions, in one compiled program."""

    metadata: dict[str, Any] = METADATA

    def __init__(
        self,
        num_envs: int = 1,
        scenario: str = "nominal",
        report: str = "",
        render_mode: str | None = None,
        *,
        actions: str = "moves",
        derived: bool = False,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        max_episode_steps: int | None = None,
        **settings: Any,
    ):
        """Make boards; arguments as in :class:`FpgaEnv` and :class:`~neurorl.envs.vector_env.JaxVectorEnv`."""
        super().__init__(
            _shared(self.board, actions, derived),  # type: ignore[arg-type] # a class can be hashed
            parameters(scenario, report, **settings),
            num_envs,
            autoreset_mode=autoreset_mode,
            max_episode_steps=max_episode_steps,
            render_mode=render_mode,
        )


class FpgaContinuousVectorEnv(FpgaVectorEnv):
    """Many boards with continuous actions."""

    board = ContinuousInterface


def parameters(scenario: str = "nominal", report: str = "", **settings: Any) -> FpgaParameters:
    """Return the parameters of a scenario with some of them changed.

    Raises:
        NeurorlError: An unknown scenario or parameter, or a value out of its range.
    """
    return from_dict(scenarios.parameters(scenario, report), settings)


@functools.cache
def _shared(board: Any, actions: str, derived: bool) -> Any:
    """Return one environment for all boards of a kind: they differ in parameters only, and share what is compiled."""
    return board(actions=actions, derived=derived)
