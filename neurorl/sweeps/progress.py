"""Progress of a sweep: shards and learners done, environment steps a second over all learners, time left."""

import sys
import time


class Meter:
    """The meter that shows nothing; the others derive from it."""

    def start(self, total: int, done: int, learners: int) -> None:
        """Begin with ``done`` of ``total`` shards, which hold ``learners`` learners."""

    def update(self, learners: int, steps: int) -> None:
        """Count a shard, with the learners in it and the environment steps of all of them."""

    def say(self, message: str) -> None:
        """Show a line of text."""

    def close(self) -> None:
        """End."""


class Bar(Meter):
    """A bar on standard error."""

    def start(self, total: int, done: int, learners: int) -> None:
        """Show the bar."""
        from tqdm import tqdm

        layout = "{desc} {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} shards [{elapsed}<{remaining}{postfix}]"
        self._learners, self._steps, self._began = learners, 0, time.perf_counter()
        self._bar = tqdm(total=total, initial=done, desc="sweep", bar_format=layout, dynamic_ncols=True, file=sys.stderr)
        self._bar.set_postfix_str(f"{learners:,} learners")

    def update(self, learners: int, steps: int) -> None:
        """Move the bar."""
        self._learners += learners
        self._steps += steps
        speed = self._steps / (time.perf_counter() - self._began)
        self._bar.set_postfix_str(f"{self._learners:,} learners, {speed:,.0f} steps/s", refresh=False)
        self._bar.update()

    def say(self, message: str) -> None:
        """Show a line above the bar."""
        self._bar.write(message, file=sys.stderr)

    def close(self) -> None:
        """Leave the bar as it is."""
        self._bar.close()
