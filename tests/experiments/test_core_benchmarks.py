"""The benchmarks of cores and accelerators run small, and compute what they say."""

import json

import jax
import pytest

from experiments.benchmarks import cores_speed, gpu


def test_the_accelerators_benchmark_runs_small_on_a_cpu(tmp_path):
    out = tmp_path / "gpu.json"
    networks = ["--w1-copies", "2", "--w2-copies", "2", "--w2-neurons", "20", "--network-steps", "30"]
    result = gpu.main(["--learners", "4", "--steps", "20", *networks, "--copy-megabytes", "1", "--out", str(out)])
    assert json.loads(out.read_text()) == result
    training = result["training"]
    assert result["device"]["platform"] == jax.local_devices()[0].platform
    assert training["learners"] == training["group"] == 4
    assert training["state_bytes_per_learner"] > 4 * 384 * 2, "the actor's weights alone: 384 inputs, two neurons"
    read_and_written = 2 * training["env_steps_per_second"] * training["state_bytes_per_learner"]
    for name, synapses in (("W1", 64 * 16), ("W2", 20 * 20)):
        ran = result[name]
        assert ran["state_bytes_per_copy"] > 2 * 4 * synapses, "weights and eligibilities"
        speed = ran["synapse_steps_per_second"] * 2 * ran["state_bytes_per_copy"] / synapses
        assert ran["share_of_copy"] == pytest.approx(speed / result["copy_bytes_per_second"])
        assert ran["mean_weight_at_first"] == pytest.approx(0.5, abs=0.1)
        assert "matrix" in ran["plan"]
    assert training["share_of_copy"] == pytest.approx(read_and_written / result["copy_bytes_per_second"])


def test_the_best_times_of_all_rounds_are_compared():
    def times(train):
        return dict.fromkeys(cores_speed.TIMES, train)

    rounds = [{"one": times(one), "many": times(many), "ratio": one / many} for one, many in ((4.0, 2.0), (3.0, 3.0), (5.0, 2.5))]
    found = cores_speed.summary(rounds, 2)
    assert found["ratio_median"] == 2.0
    assert found["ratio_of_best"] == 1.5
    assert found["ratio_of_processor_time"] == 3.0
    assert (found["ratio_min"], found["ratio_max"]) == (1.0, 2.0)


@pytest.mark.slow
def test_a_run_on_one_core_has_the_bytes_of_another():
    first, second = (cores_speed.measure([0], 4, 1_000) for _ in range(2))
    assert first["results"] == second["results"]
    assert min(first[name] for name in cores_speed.TIMES) > 0
