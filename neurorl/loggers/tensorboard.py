"""TensorBoard: a log a learner and one over all learners, in the job's folder."""

import json
import os
import struct
import time
import warnings
from pathlib import Path
from typing import Any

from neurorl import extras
from neurorl.loggers.logger import Job, Logger, Point
from neurorl.loggers.scalars import APART, of_all, of_learner

ALL = "all-seeds"


class TensorBoard(Logger):
    """Scalars, the configuration and figures in ``DIR/tensorboard``.

    A run that goes on from a checkpoint drops what was logged after it, since the same points come again.
    """

    def __init__(self) -> None:
        """Needs the extra ``tensorboard``."""
        with warnings.catch_warnings(), extras.needed("logger 'tensorboard'", "tensorboard"):
            warnings.simplefilter("ignore")
            from tensorboardX import event_file_writer, summary
        self._make, self._summary = event_file_writer.EventsWriter, summary
        self._learners: list[Any] = []
        self._all: Any = None
        self._step = 0

    def start(self, job: Job, done: int) -> None:
        """Open the files."""
        folder = job.path / "tensorboard"
        folder = folder if job.row is None else folder / f"row-{job.row}"
        fresh = not (folder / ALL).is_dir()
        self._all, self._step = self._open(folder / ALL, done), done
        apart = job.seeds if len(job.seeds) <= APART else ()
        self._learners = [self._open(folder / f"seed-{seed}", done) for seed in apart]
        if fresh:
            text = "\n".join(f"    {line}" for line in json.dumps(job.values, indent=2).splitlines())  # Markdown of a block
            self._write(self._all, self._summary.text("configuration", text), 0)
            self._all.flush()  # it is not written again

    def point(self, point: Point) -> None:
        """Write the numbers of every learner, and those of all."""
        self._step = point.step
        logs = [(self._all, of_all(point))]
        logs += [(writer, of_learner(point, index)) for index, writer in enumerate(self._learners)]
        for writer, values in logs:
            for name, value in values.items():
                self._write(writer, self._summary.scalar(name, value), point.step)

    def figure(self, name: str, path: Path) -> None:
        """Write a figure, as it is."""
        from tensorboardX.proto.summary_pb2 import Summary

        content = path.read_bytes()
        width, height = struct.unpack_from(">II", content, 16)  # of the header that a PNG begins with
        image = Summary.Image(encoded_image_string=content, width=width, height=height, colorspace=4)
        self._write(self._all, Summary(value=[Summary.Value(tag=name, image=image)]), self._step)

    def flush(self) -> None:
        """Write what waits in memory."""
        for writer in (self._all, *self._learners):
            writer.flush()

    def end(self, summary: dict[str, Any]) -> None:
        """Close the files."""
        self.close()

    def close(self) -> None:
        """Flush and close."""
        while self._learners:
            self._learners.pop().close()
        if self._all is not None:
            self._all.close()
            self._all = None

    def _open(self, log: Path, done: int) -> Any:
        log.mkdir(parents=True, exist_ok=True)
        for file in log.glob("events.out.tfevents.*"):
            _drop_after(file, done)
        # Not a SummaryWriter: a flush of it does not wait for what its thread has yet to write.
        return self._make(os.fspath(log / "events"), f".{done}")

    def _write(self, writer: Any, summary: Any, step: int) -> None:
        from tensorboardX.proto.event_pb2 import Event

        writer.write_event(Event(wall_time=time.time(), step=step, summary=summary))


def _drop_after(file: Path, done: int) -> None:
    """Cut a log of TensorBoard behind its last whole record of an environment step up to ``done``; the steps ascend."""
    from tensorboardX.proto.event_pb2 import Event

    content, at = file.read_bytes(), 0
    while at + 12 <= len(content):  # length (8 bytes), its checksum (4), the event, its checksum (4)
        end = at + 16 + struct.unpack_from("<Q", content, at)[0]
        if end > len(content) or Event.FromString(content[at + 12 : end - 4]).step > done:
            break
        at = end
    os.truncate(file, at)
