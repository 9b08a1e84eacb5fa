"""How a sweep grows: more values of [grid], more draws, more seeds, more steps, in the folder of what is there.

The configurations that a folder has had, oldest first, are its *parts*. Finished shards keep their bytes, rows keep their number,
and the newest part computes what no earlier one has. A learner is its configuration, its seed and the size of its batch, so what
is new has the bits of a sweep asked for at once; so has the old, where its batches were as large (the driver says where not).
Shards keep no checkpoint: a sweep of more steps computes its learners again, and shows the shorter ones until they are there.
"""

import dataclasses
import json
from collections.abc import Hashable, Sequence

from neurorl.sweeps import rows as of_one
from neurorl.sweeps import spec
from neurorl.sweeps.rows import Row
from neurorl.sweeps.spec import Spec

MORE = "a sweep grows by values in [grid], random.rows, seeds and steps only"


def hindrances(old: Spec, new: Spec) -> list[str]:
    """Return what differs between two sweeps though no growth makes it differ, a phrase each."""
    before, after = old.to_json(), new.to_json()
    for name in ("seeds", "steps"):
        after[name] = before[name] if after[name] > before[name] else after[name]
    for key, choices in before["grid"].items():
        if {*map(json.dumps, choices)} <= {*map(json.dumps, after["grid"].get(key, []))}:
            after["grid"][key] = choices
    if before["random"] and after["random"] and new.random_rows > old.random_rows > 0:
        after["random"]["rows"] = old.random_rows
    return spec.differences(before, after)


def rows(parts: Sequence[Spec]) -> list[Row]:
    """Return the rows of the newest part: those of earlier parts under their number, and behind them what is new, in order.

    Args:
        parts: The configurations of the folder, oldest first.
    """
    numbers: dict[Hashable, int] = {}
    for part in parts:
        found = of_one.rows(part)
        names = [_name(part, row) for row in found]
        for name in names:
            numbers.setdefault(name, len(numbers))
    numbered = [dataclasses.replace(row, index=numbers[name]) for row, name in zip(found, names, strict=True)]
    return sorted(numbered, key=lambda row: row.index)


def _name(part: Spec, row: Row) -> Hashable:
    """Return what a row is in every part: its values of the grid, and which draw."""
    return json.dumps({key: row.values[key] for key in part.grid}), row.index % max(1, part.random_rows)


def counts(parts: Sequence[Spec]) -> list[int]:
    """Return how many rows each part has; a part has the first of the next one's."""
    return [len(of_one.rows(part)) for part in parts]


def useful(parts: Sequence[Spec]) -> list[int]:
    """Return which earlier parts have learners that the newest need not compute: those of as many steps."""
    return [number for number, part in enumerate(parts[:-1]) if part.head.steps == parts[-1].head.steps]
