"""What sets the worst slack of a design: a clock, a pair of clocks or a path group, and its path."""

import dataclasses
import math

from neurorl.envs.fpga.reports.clocks import Clock, PathGroup
from neurorl.envs.fpga.reports.paths import Path


@dataclasses.dataclass(frozen=True)
class Worst:
    """What sets WNS or WHS."""

    slack_ns: float | None
    kind: (
        str | None
    )  # of the path group: "intra", "inter" or "other"; None where nothing is constrained or the group is not shown
    clock: str | None  # or "from->to"
    period_ns: float | None  # of the clock at the destination; only within one clock is 1 / (period - WNS) the frequency reached
    path: Path | None  # None where the report does not show it


def find(check: str, design: float | None, clocks: list[Clock], groups: list[PathGroup], paths: list[Path]) -> Worst | None:
    """Return what sets the worst slack of a check.

    Args:
        check: "setup" or "hold".
        design: WNS or WHS of the design, ns; None where the report does not say.
        clocks: All clocks.
        groups: All path groups.
        paths: All paths that are shown.
    """
    candidates = [path for path in paths if path.check == check]
    slacks = [(slack, group) for group in groups if (slack := _slack(group, check)) is not None]
    worst = min((slack for slack, _ in slacks), default=math.inf) if design is None else design
    if math.isinf(worst):
        worst = min((path.slack_ns for path in candidates), default=worst)
    if math.isinf(worst):
        if design is None and not candidates:
            return None
        slowest = max(candidates, key=lambda path: path.data_path_delay_ns or 0.0, default=None)
        return Worst(worst, None, None, None, slowest)
    group = next((group for slack, group in slacks if slack == worst), None)
    at_worst = [path for path in candidates if path.slack_ns == worst]
    path = next((path for path in at_worst if group is not None and _belongs(path, group)), at_worst[0] if at_worst else None)
    kind, clock, to_clock = _group_of(path) if group is None else (group.kind, group.clock, group.to_clock)
    period = next((c.period_ns for c in clocks if c.name == to_clock), path.to_period_ns if path else None)
    return Worst(worst, kind, clock, period, path)


def _slack(group: PathGroup, check: str) -> float | None:
    return group.slacks.wns_ns if check == "setup" else group.slacks.whs_ns


def _belongs(path: Path, group: PathGroup) -> bool:
    ends = path.from_clock in (None, group.from_clock) and path.to_clock in (None, group.to_clock)
    return ends and path.path_group == (group.name or group.to_clock)


def _group_of(path: Path | None) -> tuple[str | None, str | None, str | None]:
    """Return kind, clock and destination clock of the group of a path that stands alone."""
    if path is None or path.from_clock is None or path.to_clock is None:
        return None, path.path_group if path else None, None
    if path.from_clock == path.to_clock:
        kind, clock = "intra", path.to_clock
    else:
        kind, clock = "inter", f"{path.from_clock}->{path.to_clock}"
    return "other" if path.path_group not in (None, path.to_clock) else kind, clock, path.to_clock
