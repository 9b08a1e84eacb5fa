"""Mutated reports: our error only, in bounded time, no value that the text does not hold, and none lost without a word."""

import functools
import random
import re
import time
from pathlib import Path

import pytest

from neurorl.envs.fpga import reports
from tests.envs.fpga.reports import facts
from tests.envs.fpga.reports.mutations import HARMLESS, SECOND, mutate

WRITTEN = {file.name: file.read_text() for file in sorted((Path(__file__).parent / "written").iterdir())}
NAMES = list(WRITTEN)
SECONDS = 5.0  # of one text; the slowest takes about a second
QUIET = frozenset(change.__name__ for change in HARMLESS)


@functools.cache
def whereabouts(name):
    """Return the facts of a written report, each with the lines on which it stands."""
    text = WRITTEN[name]
    return facts.whereabouts(text, reports.as_dict(reports.parse(text)))


def draw(seed):
    """Return a mutated report, the facts whose lines are whole in it, and what was done."""
    rng = random.Random(f"report {seed}")
    name = rng.choice([*NAMES, "timing.rpt", "timing.rpt"])
    second = rng.choice(NAMES) if rng.random() < 0.15 else None
    text, lines, done = mutate(WRITTEN[name], seed, second and WRITTEN[second])
    whole = [(about, value) for about, places in whereabouts(name).items() for value, at in places if at <= lines]
    if second and second != name:
        whole += [
            (about, value)
            for about, places in whereabouts(second).items()
            for value, at in places
            if about[0] != "header" and {SECOND + i for i in at} <= lines
        ]
    return text, whole, (name, second, *done)


def faults(seed):
    """Return what is wrong with how a mutated report was read: nothing, or a sentence for each kind of fault."""
    text, whole, done = draw(seed)
    about = f"seed {seed}, {done}"
    start = time.process_time()
    try:
        said = reports.as_dict(reports.parse(text))
    except reports.ReportError as error:
        said = None
        if set(done[2:]) <= QUIET and not {"prefix", "in_a_log"} <= set(done):  # a prefix of few of the lines is not found
            return [f"{about}: refused though nothing is damaged: {error}"]
    except Exception as error:
        return [f"{about}: {type(error).__name__}: {error}"]
    finally:
        taken = time.process_time() - start
    found = [f"{about}: took {taken:.1f} s"] if taken > SECONDS else []
    if said is None:
        return found
    given = facts.table(said)
    lost = [fact for fact in whole if fact[1] not in given.get(fact[0], ())]
    told = said["partial"] or bool(said["warnings"])
    if lost and not told:
        found.append(f"{about}: lost without a word: {lost[:4]}")
    elif lost and done[1] is None and set(done[2:]) <= QUIET:
        found.append(f"{about}: lost though nothing is damaged: {lost[:4]}")
    made = [fact for fact in facts.unheld(given, text) if fact not in whole]
    return found + ([f"{about}: not in the text: {made[:4]}"] if made else [])


def check(seeds):
    found = [fault for seed in seeds for fault in faults(seed)]
    assert not found, f"{len(found)} faults, the first of them:\n" + "\n".join(found[:10])


def test_some_mutations():
    check(range(200))


@pytest.mark.slow
@pytest.mark.parametrize("hundred", range(30))
def test_three_thousand_mutations(hundred):
    check(range(1_000 + 100 * hundred, 1_100 + 100 * hundred))


@pytest.mark.parametrize("name", NAMES)
def test_every_value_has_lines(name):
    whole = facts.table(reports.as_dict(reports.read(Path(__file__).parent / "written" / name)))
    assert {about: {value for value, _ in places} for about, places in whereabouts(name).items()} == whole
    assert not list(facts.unheld(whole, WRITTEN[name]))


def test_a_value_is_not_sought_in_a_row_of_a_like_name():
    (value, at), *_ = whereabouts("power.rpt")[("components", "total", "power_w")]
    lines = WRITTEN["power.rpt"].split("\n")
    assert value == 9.531
    assert [lines[i].split()[:2] for i in at] == [["|", "Total"]]
    assert [lines[i].split()[2] for i in at] == ["|"]


def test_the_check_sees_a_lost_row_and_a_number_made_up(monkeypatch):
    parse = reports.parse

    def without_a_row(text):
        metrics = parse(text)
        object.__setattr__(metrics.utilization, "resources", metrics.utilization.resources[1:])
        return metrics

    text = WRITTEN["utilization.rpt"]
    monkeypatch.setattr("tests.envs.fpga.reports.mutations.MUTATIONS", HARMLESS[4:6])
    monkeypatch.setattr(f"{__name__}.NAMES", ["utilization.rpt"] * 50)
    seed = next(seed for seed in range(50) if draw(seed)[2][:2] == ("utilization.rpt", None))
    assert faults(seed) == []
    monkeypatch.setattr(reports, "parse", without_a_row)
    assert "lost without a word" in faults(seed)[0]
    monkeypatch.setattr(reports, "parse", lambda _: parse(text.replace("47232", "47233")))
    assert any("not in the text" in fault for fault in faults(seed))


def test_the_mutations_are_what_they_claim():
    for seed in range(60):
        text, whole, done = draw(seed)
        lines = re.split(r"\r\r\n|\r\n|\n|\r", text)
        assert len(lines) > 0
        if done[1] is None and set(done[2:]) == {"in_a_log"}:
            assert len(whole) == sum(map(len, whereabouts(done[0]).values()))
