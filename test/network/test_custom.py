"""A user's own network: read from their file, kept as rows, refused in one sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from mininet_ros import cli
from mininet_ros.images.class_tables import ClassTable
from mininet_ros.inference import load_segmenter
from mininet_ros.inference.pytorch import load_network
from mininet_ros.lab.training.export.graph import EMITTERS
from mininet_ros.lab.training.export.model_folder import check_image, describe_model, write_model
from mininet_ros.network import NETWORKS, build_network, network_table
from mininet_ros.network.custom import LAYERS, network_argument, read_rows, rows_of
from mininet_ros.network.stages import input_multiple

TABLE = """
from mininet_ros.network.layers import Downsampling, MultiDilationModule, TransposedConvolution
from mininet_ros.network.stages import Stage

def tiny(classes):
    return (
        Stage("Encoder", "d1", Downsampling, 8, "image"),
        Stage("Encoder", "d2", Downsampling, 16, "d1"),
        Stage("Encoder", "m1", MultiDilationModule, 16, "d2", {"rate": 2}),
        Stage("Decoder", "output", TransposedConvolution, classes, "m1"),
    )

def mininet_v2(classes):
    return tiny(classes)

def own_layer(classes):
    import torch
    class Mine(torch.nn.Identity):
        pass
    return (*tiny(classes)[:3], Stage("Decoder", "output", Mine, classes, "m1"))

def wrong_end(classes):
    return tiny(5)

def nothing(classes):
    return None
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "my_file.py"
    path.write_text(TABLE)
    return path


def test_a_table_of_a_file_becomes_rows_for_any_number_of_classes(file):
    name, options = network_argument(f"{file}:tiny")
    assert name == "tiny"
    assert json.loads(json.dumps(options)) == options
    for classes in (1, 3):
        network = build_network(name, classes, **options)
        assert network(torch.zeros(1, 3, 16, 24)).shape == (1, classes, 8, 12)


def test_every_network_survives_as_rows():
    for name in NETWORKS:
        tables = [network_table(name, classes) for classes in (7, 11)]
        assert read_rows(rows_of(name, *tables), 5) == network_table(name, 5)


def test_the_layers_of_a_table_are_those_that_can_be_exported():
    assert set(LAYERS.values()) == set(EMITTERS)


def test_a_model_folder_of_an_own_network_needs_no_file(file, tmp_path):
    name, options = network_argument(f"{file}:tiny")
    classes = ClassTable(("a", "b"), ((0, 0, 0), (1, 1, 1)))
    card = describe_model(name, options, classes, 64, 32)
    model = write_model(build_network(name, 2, **options), card, tmp_path / "model")
    file.unlink()
    picture = check_image(64, 32)
    assert load_segmenter(model, backend="cpu").segment(picture).mask.shape == (32, 64)
    assert load_network(model).table == network_table(name, 2, **options)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("mininet_v2", "choose another name"),
        ("own_layer", "uses Mine, which the export does not know"),
        ("wrong_end", "as many channels as there are classes"),
        ("nothing", "must return a tuple"),
        ("absent", "has no function absent"),
        ("Stage", "can not be called with a number of classes"),
    ],
)
def test_unusable_tables_are_refused(file, function, message):
    with pytest.raises(ValueError, match=message):
        network_argument(f"{file}:{function}")


def test_a_file_without_its_function_is_refused(file, capsys):
    assert cli.main(["describe", str(file)]) == 1
    assert f"name its function, too, as {file}:FUNCTION" in capsys.readouterr().err


def test_unusable_files_are_refused(tmp_path):
    with pytest.raises(ValueError, match="is no Python file"):
        network_argument(f"{tmp_path / 'absent.py'}:tiny")
    (tmp_path / "broken.py").write_text("1 / 0")
    with pytest.raises(ValueError, match="ZeroDivisionError"):
        network_argument(f"{tmp_path / 'broken.py'}:tiny")


def test_rows_that_are_not_usable_are_refused():
    with pytest.raises(ValueError, match="each needs block, name"):
        build_network("mine", 2, stages=[{"name": "d1", "layer": "os.system"}])
    with pytest.raises(ValueError, match="give your table another name"):
        build_network("mininet_v2", 2, stages=[])


def test_the_input_multiple_follows_from_the_table():
    assert {input_multiple(network_table(name, 2)) for name in set(NETWORKS) - {"mininet"}} == {8}
    assert input_multiple(network_table("mininet", 2)) == 64


def test_describe_takes_a_file_and_lists_what_there_is(file, capsys):
    assert cli.main(["describe", f"{file}:tiny", "--classes", "3", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["network"] == "tiny"
    assert cli.main(["describe", "mininet_v3"]) == 1
    error = capsys.readouterr().err
    assert "camvid_mininet_v2_cpu" in error and "erfnet_s" in error and "FILE.py" in error


def test_an_untrained_network_is_exported_to_measure_it(file, tmp_path, capsys):
    output = tmp_path / "untrained"
    arguments = ["export", f"{file}:tiny", "--output", str(output)]
    assert cli.main(arguments) == 1
    assert "give --output and --input-size" in capsys.readouterr().err
    assert cli.main([*arguments, "--classes", "3", "--input-size", "64x32"]) == 0
    assert "random weights" in capsys.readouterr().out
    segmenter = load_segmenter(str(output), backend="cpu")
    assert segmenter.segment(check_image(64, 32)).mask.shape == (32, 64)
