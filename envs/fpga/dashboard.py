"""The dashboard: a picture of the board that a person can read, drawn by pygame off-screen or in a window.

Six strip charts of the last ticks (each line's value now beside its name), a lamp for each fault and a red line where one struck,
bars for the modulators that the telemetry gives, and what the episode has earned. Slack has its fault zone:
amber where errors begin, red below zero. Blue ground is a burst of urgent work. An axis grows to hold all that its chart shows.
"""

import functools
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
from gymnasium.error import DependencyNotInstalled

from neurorl.envs.fpga.types import INDEX, FaultClass
from neurorl.neuromodulation import modulators, reward, telemetry
from neurorl.neuromodulation.reward import RewardParameters

try:
    import pygame
except ImportError as error:
    raise DependencyNotInstalled("pygame-ce draws the board: pip install 'neurorl[render]'") from error

SIZE = WIDTH, HEIGHT = 1120, 700  # pixels
SPAN = 150  # ticks in a chart
MARKS = 6  # most steps between the tick marks of an axis
FADE = 25  # ticks until a fault's lamp is dark again

Colour = tuple[int, int, int]
BACK, PANEL, GRID, TEXT, DIM = (16, 19, 26), (26, 31, 41), (47, 54, 69), (232, 236, 243), (143, 153, 172)
BLUE, GREEN, AMBER, RED, VIOLET, CYAN = (
    (96, 165, 250),
    (74, 200, 130),
    (245, 180, 70),
    (239, 88, 88),
    (178, 140, 250),
    (80, 205, 215),
)

LAMPS = {  # what a lamp says, in the order of the codes
    FaultClass.SETUP: "setup",
    FaultClass.HOLD: "hold",
    FaultClass.CLOCK_DOMAIN_CROSSING: "crossing",
    FaultClass.PLL_UNLOCK: "PLL unlock",
    FaultClass.DROOP: "droop",
    FaultClass.THERMAL_THROTTLE: "throttle",
    FaultClass.OVER_TEMPERATURE: "too hot",
    FaultClass.CONFIGURATION_UPSET: "upset",
    FaultClass.SENSOR_STUCK: "sensor stuck",
    FaultClass.SENSOR_DROPPED: "sensor lost",
    FaultClass.SENSOR_DRIFTING: "sensor drifts",
    FaultClass.BAD_BITSTREAM: "bad image",
}
BARS = {"dopamine": GREEN, "acetylcholine": BLUE, "cortisol": RED, "tempo": VIOLET}


class Line(NamedTuple):
    """A quantity in a chart."""

    key: str  # in the history
    name: str
    colour: Colour
    form: str = "{:.2f}"


class Chart(NamedTuple):
    """A strip chart."""

    title: str
    low: float  # the least that the axis spans, in four steps of a tick mark
    high: float
    lines: tuple[Line, ...]
    marks: tuple[tuple[float, Colour], ...] = ()  # horizontal lines: a limit, and its colour
    zones: tuple[tuple[float, float, Colour], ...] = ()  # bands: from, to, colour
    shade: str = ""  # key of a flag whose ticks are shaded


CHARTS = (
    Chart("Clock, MHz", 0, 200, (Line("clock", "set", BLUE, "{:.0f}"), Line("running", "running", CYAN, "{:.0f}"))),
    Chart("Core voltage, V", 0.6, 1.2, (Line("voltage", "set", BLUE), Line("volts", "measured", CYAN))),
    Chart(
        "Temperature, C",
        0,
        120,
        (
            Line("junction", "junction", AMBER, "{:.0f}"),
            Line("sensor", "sensor", CYAN, "{:.0f}"),
            Line("fan", "fan %", DIM, "{:.0f}"),
        ),
        marks=((85.0, AMBER), (95.0, RED)),
    ),
    Chart(
        "Slack, ns",
        -0.5,
        1.5,
        (Line("slack", "setup", GREEN), Line("hold", "hold", VIOLET), Line("canary", "canary", DIM)),
        zones=((0.0, 0.21, AMBER), (-np.inf, 0.0, RED)),
    ),
    Chart(
        "Queue, ticks of work",
        0,
        40,
        (Line("urgent", "urgent", RED, "{:.1f}"), Line("batch", "batch", BLUE, "{:.1f}"), Line("late", "late", AMBER, "{:.1f}")),
        shade="bursting",
    ),
    Chart("Price and demand", 0, 4, (Line("price", "price", AMBER), Line("demand", "demand", BLUE)), shade="bursting"),
)
KEYS = tuple(line.key for chart in CHARTS for line in chart.lines)


class Dashboard:
    """Draws one board. It is told every step, keeps the last ticks, and draws when asked."""

    def __init__(self, params: Any):
        """Prepare to draw a board with these parameters."""
        self.params = params
        self._surface: Any = None
        self._window: Any = None
        self._clock: Any = None

    def begin(self, state: Any) -> None:
        """Take in the beginning of an episode."""
        self._history: dict[str, deque[float]] = {key: deque(maxlen=SPAN) for key in (*KEYS, "bursting", "struck")}
        self._struck = np.full(len(FaultClass), -FADE)
        self._count = np.zeros(len(FaultClass), int)
        self._said: deque[str] = deque(maxlen=1)
        self._levels = modulators.init(telemetry.TICK_MODULATORS)
        self._total = self._last = self._energy = self._good = 0.0
        self._state = jax.device_get(state)

    def see(self, state: Any, reward_: float, info: dict[str, Any]) -> None:
        """Take in a step."""
        self._state = s = jax.device_get(state)
        m, tick = info["metrics"], int(s.time)
        seen = {name: float(s.observation[i]) for name, i in INDEX.items()}
        values = {
            "clock": seen["clock"],
            "running": seen["clock"] * seen["available"],
            "voltage": s.voltage,
            "volts": seen["voltage"],
            "junction": s.junction_c,
            "sensor": info["telemetry"].temperature_c,
            "fan": 100.0 * s.fan,
            "slack": m.slack_ns,
            "hold": m.hold_slack_ns,
            "canary": seen["canary_slack"],
            "urgent": s.queue.urgent[0],
            "batch": s.queue.batch[0],
            "late": m.late_work,
            "price": seen["price"],
            "demand": (s.burst_rate if s.bursting else self.params.urgent_low) + s.part.batch_rate,
            "bursting": s.bursting,
            "struck": info["faults"].any(),
        }
        for key, value in values.items():
            self._history[key].append(float(value))
        for code in np.flatnonzero(info["faults"]):
            self._said.append(f"tick {tick}: {LAMPS[FaultClass(code)]}")
        self._struck[info["faults"]] = tick
        self._count += info["faults"]
        self._levels = _tick(self._levels, info["telemetry"])
        for event in reward.unpack(info["events"]):
            if isinstance(event, reward.SourceSwitch):
                self._levels = reward.release_of(RewardParameters(), telemetry.TICK_MODULATORS, self._levels, event)
        self._total += reward_
        self._last = reward_
        self._energy += float(m.energy_j)
        self._good += float(m.good_work)

    def frame(self) -> np.ndarray:
        """Return the picture, [height, width, 3] of uint8."""
        self._draw()
        return np.frombuffer(bytearray(pygame.image.tobytes(self._surface, "RGB")), np.uint8).reshape(*SIZE[::-1], 3)

    def show(self, fps: float) -> None:
        """Show the picture in a window, no faster than ``fps`` a second."""
        if self._window is None:
            pygame.display.init()
            pygame.display.set_caption("neurorl: FPGA board")
            self._window, self._clock = pygame.display.set_mode(SIZE), pygame.time.Clock()
        self._draw()
        self._window.blit(self._surface, (0, 0))
        pygame.event.pump()
        pygame.display.flip()
        self._clock.tick(fps)

    def close(self) -> None:
        """Close the window."""
        if self._window is not None:
            pygame.display.quit()
            self._window = None

    def _draw(self) -> None:
        if self._surface is None:
            self._surface = pygame.Surface(SIZE)
        self._surface.fill(BACK)
        self._header()
        for i, chart in enumerate(CHARTS):
            self._chart(chart, pygame.Rect(16 + i % 2 * 410, 72 + i // 2 * 206, 398, 194))
        self._modulators(pygame.Rect(836, 72, 268, 194))
        self._faults(pygame.Rect(836, 278, 268, 252))
        self._earnings(pygame.Rect(836, 542, 268, 142))

    def _header(self) -> None:
        name, colour = self._status()
        self._write("FPGA board", (16, 18), 26, TEXT)
        self._write(f"tick {int(self._state.time)} of {int(self.params.max_steps_in_episode)}", (176, 26), 16, DIM)
        pill = pygame.Rect(836, 18, 268, 36)
        pygame.draw.rect(self._surface, colour, pill, border_radius=18)
        self._write(name, pill.center, 17, BACK, align="center")

    def _status(self) -> tuple[str, Colour]:
        """Return what the board is doing, gravest first."""
        s = self._state
        for is_so, name, colour in (
            (s.dead, "part destroyed", RED),
            (s.down_left > 0, f"down, {int(np.ceil(s.down_left))} ticks left", RED),
            (not s.locked, "PLL unlocked", RED),
            (s.throttled, "throttled", AMBER),
            (s.upset, "configuration upset", AMBER),
            (s.desynced, "clock domains out of step", AMBER),
            (s.fallback, "running the old image", AMBER),
            (s.sensor_fault > 0, "temperature sensor fault", AMBER),
        ):
            if is_so:
                return name, colour
        return "running", GREEN

    def _chart(self, chart: Chart, box: Any) -> None:
        self._panel(chart.title, box)
        area = pygame.Rect(box.x + 44, box.y + 58, box.w - 58, box.h - 70)
        width = area.w / (SPAN - 1)
        marks = _marks(chart, [value for line in chart.lines for value in self._history[line.key]])

        def height(value: Any) -> Any:
            return area.bottom - (np.clip(value, marks[0], marks[-1]) - marks[0]) / (marks[-1] - marks[0]) * area.h

        for low, high, colour in chart.zones:
            band = pygame.Rect(area.x, height(high), area.w, height(low) - height(high))
            pygame.draw.rect(self._surface, _mix(colour, PANEL, 0.3), band)
        self._ticks(area, width, self._history.get(chart.shade, ()), _mix(BLUE, PANEL, 0.16), width + 1.0)
        for value in marks:
            pygame.draw.line(self._surface, GRID, (area.x, height(value)), (area.right, height(value)))
            self._write(f"{value:.3g}", (area.x - 6, height(value)), 11, DIM, align="midright")
        for value, colour in chart.marks:
            pygame.draw.line(self._surface, _mix(colour, PANEL, 0.7), (area.x, height(value)), (area.right, height(value)), 2)
        self._ticks(area, width, self._history["struck"], _mix(RED, PANEL, 0.75), 1)
        for line in reversed(chart.lines):  # the first lies on top
            heights = height(np.array(self._history[line.key]))
            x = area.right - width * np.arange(len(heights))[::-1]
            for piece in _pieces(np.stack([x, heights], axis=1)):
                pygame.draw.lines(self._surface, line.colour, False, piece, 2)
        x = box.x + 14
        for line in chart.lines:
            values = self._history[line.key]
            now = line.form.format(values[-1]) if values and np.isfinite(values[-1]) else "-"
            pygame.draw.rect(self._surface, line.colour, pygame.Rect(x, box.y + 40, 12, 4), border_radius=2)
            x += 18
            x += self._write(line.name, (x, box.y + 34), 13, DIM) + 6
            x += self._write(now, (x, box.y + 32), 15, TEXT) + 18

    def _ticks(self, area: Any, width: float, flags: Sequence[float], colour: Colour, thick: float) -> None:
        """Fill the ticks of a chart that have a flag."""
        for i, flag in enumerate(flags):
            if flag:
                x = area.right - (len(flags) - 1 - i) * width
                pygame.draw.rect(self._surface, colour, pygame.Rect(x - thick + 1, area.y, thick, area.h))

    def _modulators(self, box: Any) -> None:
        self._panel("Modulators", box)
        levels = modulators.levels(telemetry.TICK_MODULATORS, self._levels)
        for i, (name, colour) in enumerate(BARS.items()):
            level, y = float(getattr(levels, name)), box.y + 46 + 36 * i
            full = 2.0 if name == "tempo" else 1.0
            self._write(name, (box.x + 14, y), 13, DIM)
            self._write(f"{level:.2f}", (box.right - 14, y), 14, TEXT, align="topright")
            track = pygame.Rect(box.x + 14, y + 19, box.w - 28, 8)
            pygame.draw.rect(self._surface, GRID, track, border_radius=4)
            filled = pygame.Rect(track.x, track.y, track.w * np.clip(level / full, 0.0, 1.0), track.h)
            pygame.draw.rect(self._surface, colour, filled, border_radius=4)

    def _faults(self, box: Any) -> None:
        self._panel("Faults", box)
        for code, name in LAMPS.items():
            x, y = box.x + 22 + code % 2 * 130, box.y + 46 + code // 2 * 31
            glow = max(0.0, 1.0 - (int(self._state.time) - self._struck[code]) / FADE)
            pygame.draw.circle(self._surface, _mix(RED, GRID, glow), (x, y), 7)
            self._write(name, (x + 14, y), 13, _mix(TEXT, DIM, glow), align="midleft")
            if self._count[code]:
                self._write(str(self._count[code]), (x + 106, y), 13, TEXT, align="midright")
        self._write("; ".join(self._said), (box.x + 14, box.bottom - 14), 13, DIM, align="midleft")

    def _earnings(self, box: Any) -> None:
        self._panel("Episode", box)
        rows = (
            ("return", f"{self._total:.1f}"),
            ("reward of this tick", f"{self._last:+.2f}"),
            ("energy for a unit of work", f"{self._energy / self._good:.1f} J" if self._good > 0 else "-"),
        )
        for i, (name, value) in enumerate(rows):
            y = box.y + 46 + 30 * i
            self._write(name, (box.x + 14, y), 14, DIM)
            self._write(value, (box.right - 14, y - 2), 17, TEXT, align="topright")

    def _panel(self, title: str, box: Any) -> None:
        pygame.draw.rect(self._surface, PANEL, box, border_radius=10)
        self._write(title, (box.x + 14, box.y + 10), 15, TEXT)

    def _write(self, text: str, at: Sequence[float], size: int, colour: Colour, align: str = "topleft") -> int:
        """Write a text and return its width, pixels."""
        drawn = _drawn(text, size, colour)
        self._surface.blit(drawn, drawn.get_rect(**{align: (round(at[0]), round(at[1]))}))
        return drawn.get_width()


def _marks(chart: Chart, values: Sequence[float]) -> np.ndarray:
    """Return where a chart's axis has tick marks: at its ends and at even steps between, around all the values."""
    shown = np.array([chart.low, chart.high, *values])
    low, high = np.nanmin(shown), np.nanmax(shown)
    step = (chart.high - chart.low) / 4
    while True:
        first, last = np.floor(low / step + 1e-9), np.ceil(high / step - 1e-9)
        if last - first <= MARKS:
            return step * np.arange(first, last + 1)
        step *= 2.0


@jax.jit
def _tick(levels: Any, frame: Any) -> Any:
    return telemetry.step(telemetry.TelemetryParameters(), telemetry.TICK_MODULATORS, levels, frame)


def _drawn(text: str, size: int, colour: Colour) -> Any:
    """Return a text as an image."""
    try:
        return _font(size).render(text, True, colour)
    except pygame.error:  # another environment that closes calls pygame.quit(), which takes everybody's fonts
        _font.cache_clear()
        return _font(size).render(text, True, colour)


@functools.cache
def _font(size: int) -> Any:
    """Return matplotlib's own font, which is wherever this package is."""
    import matplotlib

    pygame.font.init()
    return pygame.font.Font(Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSans.ttf", size)


def _mix(a: Colour, b: Colour, share: float) -> Colour:
    """Return ``share`` of one colour over another."""
    red, green, blue = (round(share * x + (1.0 - share) * y) for x, y in zip(a, b, strict=True))
    return red, green, blue


def _pieces(points: np.ndarray) -> list[np.ndarray]:
    """Return the lines between gaps, where a reading is missing; a line needs two points."""
    known = np.isfinite(points[:, 1])
    runs = np.split(points, np.flatnonzero(known[1:] != known[:-1]) + 1)
    return [run for run in runs if len(run) > 1 and np.isfinite(run[0, 1])]
