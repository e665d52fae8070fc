"""The study: the paper's rows, what is measured beside them, and what follows from it."""

import statistics

import numpy as np
import pytest

pytest.importorskip("onnx", reason="needs the extra train")
pytest.importorskip("torch", reason="needs the extra train")

import onnx
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from mininet_ros.lab.study.conclusions import (
    FAILS,
    HOLDS,
    MARGIN,
    T_95,
    UNDECIDED,
    UNKNOWN,
    Claim,
    judge,
    judge_all,
    pooled_variance,
)
from mininet_ros.lab.study.paper import ANALYSIS, BENCHMARK, TABLES, PaperRow, number
from mininet_ros.lab.study.plots import grouped
from mininet_ros.lab.study.report import cells_of
from mininet_ros.lab.study.rows import Row, rows_of, same_network
from mininet_ros.lab.study.runs import StudyError, alike, runs_of
from mininet_ros.lab.study.schedule import FlipsAndShifts, Schedule
from mininet_ros.lab.study.timing import time_in_pytorch, with_cpu_times, with_peers
from mininet_ros.network import NETWORKS, build_network

ROWS = [row for table in TABLES.values() for row in table.rows]


# The paper's rows


def test_tables_have_the_papers_methods():
    sizes = {number: len(table.rows) for number, table in TABLES.items()}
    assert sizes == {"II": 4, "III": 3, "IV": 5, "V": 2, "VI": 14, "VII": 11, "VIII": 6}
    methods = {row.name for row in ROWS}
    for name in ("Li et al.", "ICNet", "GUN", "ERFNet", "Mazzini et al.", "CGNet", "ThunderNet"):
        assert name in methods
    for name in ("ESPNet", "ENet", "SegNet-basic", "FC-DenseNet103", "DeepLabV3+", "MiniNet"):
        assert name in methods


def test_rows_of_one_network_print_one_cost():
    """A slip in copying a number would show here: counts are repeated from table to table."""
    analysis = [row for number in ("II", "III", "IV", "V") for row in TABLES[number].rows]
    for field in ("parameters", "gflops", "megabytes", "miou"):
        printed = {}
        for row in analysis:
            printed.setdefault(same_network(row.network), set()).add(getattr(row, field))
        assert all(len(values) == 1 for values in printed.values()), field
    memory = {(row.network, number(row.megabytes)) for row in ROWS if row.network}
    assert len(memory) == len({network for network, _ in memory})


def test_every_row_reads_as_numbers():
    for row in ROWS:
        assert row.network == "" or row.network in NETWORKS
        assert number(row.gpu_ms) > 3
        assert number(row.parameters) > 0
        assert number(row.miou) or number(row.pretrained_miou)


def test_every_network_of_the_study_has_a_row():
    assert {row.network for row in ROWS if row.network} == set(NETWORKS)


@pytest.mark.parametrize(
    ("printed", "value"),
    [("20 (TXp), 11 (2080ti)", 20), ("4(TXp)", 4), ("7* (1080ti)", 7), ("2.9**", 2.9), ("", None)],
)
def test_printed_values_are_read(printed, value):
    assert number(printed) == value


# Our rows beside them


def test_counts_of_the_analysis_agree_but_for_the_memory_that_is_no_count():
    other = []
    for table in ("II", "III", "IV", "V"):
        for row in rows_of(TABLES[table]):
            assert row.agrees("parameters") and row.agrees("gflops"), row
            if not row.agrees("megabytes"):
                other.append(same_network(row.network))
    separable = {"mininet_v2_d", "mininet_v2_d_s", "mininet_v2_d_i", "mininet_v2_0"}
    assert set(other) == separable | {"erfnet_s", "mininet_v2_1", "mininet_v2_2"}


def test_a_row_knows_its_differences():
    paper = PaperRow("x", "mininet_v2", 512, 256, "9 (TXp)", "61", "0.5", "3.22", "2.02", "58.51")
    row = Row("x", "mininet_v2", 512, 256, 19, 515_345, 3.25, 2.03, 10.0, None, (0.5, 0.6), paper)
    assert row.difference("parameters") == 15_345
    assert row.difference("cpu_ms") == -51
    assert row.difference("gpu_ms") is None
    assert row.difference("miou") == pytest.approx(0.55 - 0.5851)
    assert row.miou_spread == pytest.approx(statistics.stdev([0.5, 0.6]))
    assert [row.agrees(field) for field in ("parameters", "gflops", "megabytes")] == [
        True,
        True,
        False,
    ]
    assert Row("y", "", 512, 256, 0).agrees("gflops") is None


def test_a_table_shows_what_a_row_has():
    headings, first, *_ = cells_of(rows_of(TABLES["VIII"]))
    assert headings[:5] == ["Configuration", "Input", "Params (M)", "paper", "diff"]
    assert "CPU (ms)" not in headings
    assert first[:5] == ["DeepLabV3+", "512x512", "-", "41.1", "-"]


def test_charts_show_each_method_once_and_no_table_with_another_ones_images():
    tables = {number: rows_of(TABLES[number]) for number in ("II", "III", "IV", "V", "VI")}
    groups = grouped(tables)
    assert list(groups) == ["validation set of Cityscapes", "test set of Cityscapes"]
    names = [row.name for row in groups["validation set of Cityscapes"]]
    assert len(names) == 12 and names.count("MiniNet-v2-D") == 1


# The paper's conclusions

BETTER = Claim("a is better", "a", "b")
AS_GOOD = Claim("a is as good", "a", "b", MARGIN)


@pytest.mark.parametrize(
    ("claim", "mious", "others", "verdict"),
    [
        (BETTER, (0.60, 0.61, 0.62), (0.50, 0.51, 0.52), HOLDS),
        (BETTER, (0.50, 0.51, 0.52), (0.60, 0.61, 0.62), FAILS),
        (BETTER, (0.50, 0.56, 0.62), (0.49, 0.55, 0.61), UNDECIDED),
        (BETTER, (0.60,), (0.50,), UNDECIDED),
        (BETTER, (), (0.50, 0.51), UNKNOWN),
        (AS_GOOD, (0.600, 0.601, 0.602), (0.604, 0.605, 0.606), HOLDS),
        (AS_GOOD, (0.600, 0.601, 0.602), (0.624, 0.625, 0.626), FAILS),
        (AS_GOOD, (0.600, 0.601, 0.602), (0.610, 0.611, 0.612), UNDECIDED),
    ],
)
def test_verdicts(claim, mious, others, verdict):
    finding = judge(claim, mious, others, pooled_variance([mious, others]))
    assert finding.verdict == verdict
    assert str(finding).startswith(f"{claim.text}: {verdict}")


def test_interval_is_students():
    """Means 2 apart, pooled deviation 1, three each: 2.78 * sqrt(2 / 3)."""
    values, others = (2.0, 3.0, 4.0), (0.0, 1.0, 2.0)
    finding = judge(BETTER, values, others, pooled_variance([values, others]))
    assert finding.difference == 2
    assert finding.uncertainty == pytest.approx(2.78 * (2 / 3) ** 0.5)
    assert list(T_95) == sorted(T_95, reverse=True)


def test_all_networks_say_how_far_seeds_scatter():
    """Deviations of 1 and 3 about two means, 1 + 2 degrees of freedom: (2 + 18) / 3."""
    variance = pooled_variance([(1.0, 3.0), (4.0, 7.0, 10.0), (5.0,), ()])
    assert variance.freedom == 3
    assert variance.value == pytest.approx(20 / 3)
    assert variance.uncertainty(1, 4) == pytest.approx(3.18 * (20 / 3 * 1.25) ** 0.5)
    assert pooled_variance([(1.0,), (2.0,)]) is None


seeds = st.lists(st.floats(0, 1), min_size=2, max_size=5)


@given(mious=seeds, others=seeds)
def test_what_holds_one_way_fails_the_other(mious, others):
    opposite = {HOLDS: FAILS, FAILS: HOLDS, UNDECIDED: UNDECIDED}
    variance = pooled_variance([mious, others])
    there = judge(BETTER, mious, others, variance)
    back = judge(BETTER, others, mious, variance)
    assert back.verdict == opposite[there.verdict]


def test_claims_are_judged_where_both_networks_have_rows():
    mious = {"mininet_v2_d": (0.5, 0.51), "mininet_v2_s": (0.5, 0.51), "x": ()}
    findings = judge_all(mious, ANALYSIS)
    assert [(f.claim.network, f.claim.other) for f in findings] == [
        ("mininet_v2_d", "mininet_v2_s")
    ]
    assert judge_all(mious, BENCHMARK) == []


# Times


@pytest.fixture
def peer(tmp_path):
    """A stranger's network for any size, and one for 64x32 alone."""
    weight = np.random.default_rng(0).normal(size=(5, 3, 3, 3)).astype(np.float32)
    paths = []
    for name, sides in (("free", ["h", "w"]), ("fixed", [32, 64])):
        graph = helper.make_graph(
            [helper.make_node("Conv", ["x", "weight"], ["y"], pads=[1] * 4, name="conv")],
            "peer",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, *sides])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
            [numpy_helper.from_array(weight, "weight")],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
        model.ir_version = 8
        paths.append(tmp_path / f"{name}.onnx")
        onnx.save(model, paths[-1])
    return paths


def test_each_network_is_measured_once_for_all_its_rows(peer, tmp_path):
    free, fixed = peer
    (tmp_path / "graphs").mkdir()
    paper = PaperRow("ENet", "", 64, 32, parameters="0.4")
    v2 = Row("MiniNet-v2", "mininet_v2", 64, 32, 2, 1, 1.0, 1.0)
    same = Row("MiniNet-v2-D-I-M-R", "mininet_v2_m_r", 64, 32, 2)
    tables = {"V": [same], "VI": [v2, Row("ENet", "", 64, 32, 0, paper=paper)]}
    peers = {"enet": free, "other": fixed}
    tables = with_peers(tables, peers)
    assert [row.name for row in tables["VI"]] == ["MiniNet-v2", "ENet", "other"]
    assert (tables["VI"][2].width, tables["VI"][2].height) == (64, 32)
    timed = with_cpu_times(tables, peers, 1, 1, tmp_path / "graphs")
    times = [row.cpu_ms for rows in timed.values() for row in rows]
    assert all(time > 0 for time in times)
    assert times[0] == times[1]
    assert timed["VI"][0].parameters == 1, "our own counts stay"
    enet = timed["VI"][1]
    assert enet.parameters == 5 * 3 * 9
    assert enet.gflops == pytest.approx(2e-9 * 64 * 32 * 5 * 3 * 9)
    assert enet.difference("parameters") == 135 - 0.4e6


def test_a_peer_of_any_size_gets_our_networks_sizes(peer):
    rows = with_peers({"VI": rows_of(TABLES["VI"])}, {"mine": peer[0]})["VI"]
    sizes = {(row.width, row.height) for row in rows if row.name == "mine"}
    assert sizes == {(1024, 512), (512, 256)}


def test_time_in_pytorch_is_positive():
    assert time_in_pytorch(build_network("mininet_v2_cpu", 2), 64, 32, "cpu") > 0


# Runs


def test_augmentation_flips_and_shifts_without_scale():
    draws = FlipsAndShifts().draw(200, (100, 50), (100, 50), np.random.default_rng(0))
    assert (draws.size == [100, 50]).all()
    assert (draws.corner[:, 1] == 0).all()
    shifts = draws.corner[:, 0]
    assert (abs(shifts) <= 10).all() and len(set(shifts)) > 15
    assert 60 < draws.is_flipped.sum() < 140


def test_analysis_runs_are_the_papers_protocol_and_none_is_repeated():
    tables = {number: rows_of(TABLES[number]) for number in ("II", "III", "IV", "V")}
    runs = runs_of(tables, Schedule("cityscapes", 2975, seeds=(1, 2)))
    networks = [run.recipe.network for run in runs]
    assert networks[:4] == ["mininet_v2_d", "mininet_v2_s", "mininet_v2_d_s", "mininet_v2_d_i"]
    assert networks[4:9] == [
        *("mininet_v2_0", "mininet_v2_1", "mininet_v2_2", "mininet_v2_m", "mininet_v2")
    ]
    assert networks[:11] == networks[11:] and len(set(networks)) == 11
    assert [run.recipe.seed for run in runs] == [1] * 11 + [2] * 11
    first = runs[0].recipe
    assert (first.epochs, first.batch_size, first.width, first.height) == (250, 12, 512, 256)
    assert (first.learning_rate, first.poly_power, first.weight_decay) == (1e-3, 0.9, 2e-4)
    assert first.class_weight_power == 0
    assert first.augmentation.scale_range == (1.0, 1.0)


def test_benchmark_runs_are_the_papers_protocol():
    """A million steps of six pictures, weighed classes, scales from half to double (Sec. VII-A)."""
    tables = {"VIII": rows_of(TABLES["VIII"])}
    recipe = runs_of(tables, Schedule("icdar2015", 900))[0].recipe
    assert recipe.batch_size == 6
    assert recipe.epochs * 900 // 6 == pytest.approx(1_000_000, rel=1e-3)
    assert recipe.class_weight_power == 0.12
    assert recipe.augmentation.scale_range == (0.5, 2.0)
    changed = runs_of(tables, Schedule("icdar2015", 900, epochs=8, batch_size=3))[0].recipe
    assert (changed.epochs, changed.batch_size) == (8, 3)


def test_a_network_is_trained_anew_by_the_other_protocol():
    tables = {number: rows_of(TABLES[number]) for number in ("V", "VI")}
    runs = runs_of(tables, Schedule("camvid", 367, size=(128, 64)))
    names = {run.name for run in runs}
    assert {"analysis/mininet_v2_128x64_seed1", "benchmark/mininet_v2_128x64_seed1"} <= names
    assert len(names) == len(runs)


def test_each_row_of_the_benchmarks_has_its_own_size():
    runs = runs_of({"VIII": rows_of(TABLES["VIII"])}, Schedule("icdar2015", 900))
    sizes = {(run.recipe.network, run.recipe.width, run.recipe.height) for run in runs}
    assert ("mininet_v2", 1024, 512) in sizes and ("mininet_v2", 512, 256) in sizes
    assert ("mininet", 512, 256) in sizes and ("erfnet_s", 1024, 512) in sizes


def test_conclusions_compare_networks_that_were_trained_alike():
    groups = alike({"VI": rows_of(TABLES["VI"])}, Schedule("cityscapes", 2975))
    assert set(groups) == {(BENCHMARK, "1024x512"), (BENCHMARK, "512x256")}
    assert "mininet_v2_cpu" not in groups[BENCHMARK, "1024x512"]
    findings = judge_all(groups[BENCHMARK, "512x256"], BENCHMARK)
    assert {finding.claim.other for finding in findings} == {"mininet_v2_cpu", "mininet"}
    tables = {number: rows_of(TABLES[number]) for number in ("V", "VI")}
    fixed = alike(tables, Schedule("camvid", 367, size=(128, 64)))
    assert set(fixed) == {(ANALYSIS, "128x64"), (BENCHMARK, "128x64")}
    assert set(fixed[ANALYSIS, "128x64"]) == {"mininet_v2", "mininet_v2_m"}


def test_a_size_that_a_network_does_not_take_is_refused_first():
    with pytest.raises(StudyError, match="mininet takes sides that are multiples of 64"):
        runs_of({"VI": rows_of(TABLES["VI"])}, Schedule("camvid", 367, size=(240, 176)))
