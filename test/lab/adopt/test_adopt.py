"""ONNX files of other networks as model folders."""

from __future__ import annotations

import json
import warnings

import cv2
import numpy as np
import pytest
import yaml

pytest.importorskip("onnx", reason="adopting a network needs onnx")

import onnx
from onnx import TensorProto, helper, numpy_helper

from mininet_ros import cli
from mininet_ros.inference import load_segmenter
from mininet_ros.lab.adopt.foreign import Preparation
from mininet_ros.models import load_model

NAMES = ("floor", "wall", "person", "door", "sky")
WIDTH, HEIGHT, STRIDE = 64, 48, 4
WEIGHT = np.random.default_rng(3).normal(size=(len(NAMES), 3, STRIDE, STRIDE)).astype(np.float32)


def network(path, kind="logits", layout="nchw", size=(HEIGHT, WIDTH), opset=17, dtype="float"):
    """Write an ONNX file of one convolution that looks at the picture in blocks of 4x4 pixels."""
    value = "picture"
    nodes, weights = [], [numpy_helper.from_array(WEIGHT / 10, "weight")]

    def node(operator, inputs, output, **attributes):
        nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    if layout == "nhwc":
        value = node("Transpose", [value], "planes", perm=[0, 3, 1, 2])
    if dtype != "float":
        value = node("Cast", [value], "numbers", to=TensorProto.FLOAT)
    value = node("Conv", [value, "weight"], "scores", strides=[STRIDE, STRIDE])
    if kind == "probabilities":
        value = node("Softmax", [value], "shares", axis=1)
    if kind in ("labels", "whole numbers"):
        value = node("ArgMax", [value], "winner", axis=1, keepdims=0)
    if kind == "whole numbers":
        value = node("Cast", [value], "numbered", to=TensorProto.FLOAT)
    if kind == "unbatched":
        value = node("Squeeze", [value, "first"], "of_one")
        weights.append(numpy_helper.from_array(np.array([0]), "first"))
    if kind == "last":
        value = node("Transpose", [value], "pixels", perm=[0, 2, 3, 1])
    height, width = size
    shape = [1, 3, height, width] if layout == "nchw" else [1, height, width, 3]
    given = {"float": TensorProto.FLOAT, "half": TensorProto.FLOAT16, "byte": TensorProto.UINT8}
    found = TensorProto.INT64 if kind == "labels" else TensorProto.FLOAT
    shape_found = {"labels": "nyx", "whole numbers": "nyx", "unbatched": "cyx"}.get(kind, "ncyx")
    graph = helper.make_graph(
        nodes,
        "blocks",
        [helper.make_tensor_value_info("picture", given[dtype], shape)],
        [helper.make_tensor_value_info(value, found, list(shape_found))],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    model.ir_version = 8
    onnx.save(model, path)
    return path


@pytest.fixture
def classes(tmp_path):
    path = tmp_path / "classes.yaml"
    rows = [{"name": name, "color": [20 * i, i, 255 - i]} for i, name in enumerate(NAMES)]
    path.write_text(yaml.safe_dump({"classes": rows}))
    return path


def adopt(capsys, *arguments):
    status = cli.main(["adopt", *map(str, arguments)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def block_labels(image, preparation):
    """Labels of the blocks' middles, computed by NumPy alone."""
    picture = preparation.apply(image, np.float32)
    planes = picture[0] if preparation.layout == "nchw" else picture[0].transpose(2, 0, 1)
    blocks = planes.reshape(3, HEIGHT // STRIDE, STRIDE, WIDTH // STRIDE, STRIDE)
    scores = np.einsum("cyuxv,kcuv->kyx", blocks, WEIGHT / 10)
    return scores.argmax(axis=0)


def blocks_picture():
    """A picture of flat squares, each much larger than a block."""
    colors = np.random.default_rng(5).integers(0, 256, (3, 4, 3), dtype=np.uint8)
    return colors.repeat(16, axis=0).repeat(16, axis=1)


@pytest.mark.parametrize(
    ("options", "preparation", "arguments"),
    [
        ({}, Preparation(), ()),
        ({"kind": "last"}, Preparation(), ()),
        ({"kind": "probabilities"}, Preparation(), ()),
        ({"kind": "labels"}, Preparation(), ()),
        ({"kind": "whole numbers"}, Preparation(), ()),
        ({"kind": "unbatched"}, Preparation(), ()),
        ({"opset": 13}, Preparation(), ()),
        ({"opset": 18}, Preparation(), ()),
        ({"dtype": "half"}, Preparation(), ()),
        ({"dtype": "byte"}, Preparation(scale=1.0), ("--scale", 1)),
        ({"size": (0, 0)}, Preparation(), ("--input-size", f"{WIDTH}x{HEIGHT}")),
        (
            {"layout": "nhwc"},
            Preparation((0.5, 0.4, 0.3), (0.2, 0.3, 0.4), 1 / 255, "bgr", "nhwc"),
            ("--mean", "0.5,0.4,0.3", "--std", "0.2,0.3,0.4", "--order", "bgr"),
        ),
    ],
)
def test_adopted_network_labels_pictures(
    capsys, tmp_path, classes, options, preparation, arguments
):
    path = network(tmp_path / "blocks.onnx", **options)
    folder = tmp_path / "adopted"
    status, out, err = adopt(capsys, path, "--classes", classes, *arguments, "--output", folder)
    assert status == 0, err
    assert "5 classes at 64x48" in out
    model = load_model(folder)
    assert model.classes == NAMES and model.network == "blocks"
    image = blocks_picture()
    found = load_segmenter(folder, "cpu").segment(image)
    middles = found.mask[STRIDE // 2 :: STRIDE, STRIDE // 2 :: STRIDE]
    inner = np.s_[1:3, 1:3]  # blocks beside a square's edge are mixed by the enlargement
    expected = block_labels(image, preparation)
    for row in range(3):
        for column in range(4):
            square = np.s_[4 * row : 4 * row + 4, 4 * column : 4 * column + 4]
            assert (middles[square][inner] == expected[square][inner]).all()
    if options.get("kind") in ("labels", "whole numbers"):
        assert (found.confidence == 255).all()
        assert "255 everywhere" in model.card["adopted"]["confidence"]
    else:
        assert 255 / len(NAMES) <= found.confidence.min() < 255


def sigmoid(values):
    return 1 / (1 + np.exp(-values))


@pytest.mark.parametrize("kind", ["sigmoid", "logit", "decision"])
def test_one_channel_tells_two_classes_apart(capsys, tmp_path, kind):
    """The share of red, as a probability, as a logit, or as true and false."""
    nodes = [
        helper.make_node("Slice", ["picture", "red", "green", "axis"], ["share"]),
        helper.make_node("Sub", ["share", "middle"], ["difference"]),
        helper.make_node("Mul", ["difference", "steep"], ["logit"]),
        helper.make_node("Sigmoid", ["logit"], ["sigmoid"]),
        helper.make_node("Greater", ["share", "middle"], ["decision"]),
    ]
    constants = {
        "red": np.array([0]),
        "green": np.array([1]),
        "axis": np.array([1]),
        "middle": np.float32(0.4),
        "steep": np.float32(8),
    }
    element = TensorProto.BOOL if kind == "decision" else TensorProto.FLOAT
    shape = [1, 3, HEIGHT, WIDTH]
    graph = helper.make_graph(
        nodes,
        "red",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(kind, element, [1, 1, *shape[2:]])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.save(model, tmp_path / "red.onnx")
    classes = tmp_path / "classes.yaml"
    rows = [{"name": "rest", "color": [0, 0, 0]}, {"name": "red", "color": [255, 0, 0]}]
    classes.write_text(yaml.safe_dump({"classes": rows}))
    folder = tmp_path / "adopted"
    given = (tmp_path / "red.onnx", "--classes", classes, "--output", folder)
    status, _, err = adopt(capsys, *given)
    assert status == 0, err
    image = blocks_picture()
    found = load_segmenter(folder, "cpu").segment(image)
    red = image[..., 2] / 255
    assert (found.mask == (red > 0.4)).all()
    if kind != "decision":
        sure = sigmoid(8 * (red - 0.4))
        assert np.abs(found.confidence - 255 * np.maximum(sure, 1 - sure)).max() <= 1

    classes.write_text(yaml.safe_dump({"classes": rows[1:]}))
    folder = tmp_path / "of one class"
    status, _, err = adopt(capsys, *given[:-1], folder)
    if kind == "decision":
        assert status == 1 and "the classes go from 0 to 0" in err
    else:
        assert status == 1 and "name both in --classes" in err


def test_a_network_of_torch_equals_its_own_pipeline(capsys, tmp_path, classes):
    """Exported with free sides, normalised input, and scores at an eighth of the size."""
    torch = pytest.importorskip("torch", reason="exporting a network needs torch")
    torch.manual_seed(4)
    layers = []
    for before, behind in ((3, 8), (8, 16), (16, 16)):
        layers += [
            torch.nn.Conv2d(before, behind, 3, stride=2, padding=1),
            torch.nn.BatchNorm2d(behind),
            torch.nn.ReLU(),
        ]
    layers += [torch.nn.Conv2d(16, len(NAMES), 1), torch.nn.BatchNorm2d(len(NAMES))]
    foreign = torch.nn.Sequential(*layers).train()
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    image = cv2.resize(blocks_picture(), (128, 96))
    picture = (image[..., ::-1] / np.float32(255) - np.float32(mean)) / np.float32(std)
    given = torch.from_numpy(picture.transpose(2, 0, 1)[None])
    with torch.no_grad():
        for _ in range(50):  # so that every class's scores have mean 0 and deviation 1 here
            foreign(given)
    foreign.eval()
    path, folder = tmp_path / "foreign.onnx", tmp_path / "adopted"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch announces the end of this exporter
        torch.onnx.export(
            foreign,
            (torch.zeros(1, 3, 96, 128),),
            path,
            input_names=["picture"],
            output_names=["scores"],
            dynamic_axes={"picture": {2: "h", 3: "w"}, "scores": {2: "h", 3: "w"}},
            opset_version=17,
            dynamo=False,
        )
    status, _, err = adopt(
        capsys, path, "--classes", classes, "--input-size", "128x96", "--output", folder,
        "--mean", ",".join(map(str, mean)), "--std", ",".join(map(str, std)),
    )  # fmt: skip
    assert status == 0, err
    with torch.no_grad():
        scores = foreign(given)
        scores = torch.nn.functional.interpolate(scores, (96, 128), mode="bilinear")
    found = load_segmenter(folder, "cpu").segment(image)
    assert len(np.unique(found.mask)) > 2
    assert (found.mask != scores.argmax(dim=1)[0].numpy()).mean() < 1e-3
    cv2.imwrite(str(tmp_path / "picture.png"), image)
    assert cli.main(["benchmark", str(folder), "--rounds", "1", "--json"]) == 0
    for split in ("images", "labels"):
        (tmp_path / "data" / "val" / split).mkdir(parents=True)
    cv2.imwrite(str(tmp_path / "data" / "val" / "images" / "a.png"), image)
    cv2.imwrite(str(tmp_path / "data" / "val" / "labels" / "a.png"), found.mask)
    (tmp_path / "data" / "classes.yaml").write_text(classes.read_text())
    capsys.readouterr()
    judged = ("--dataset", "folder", "--data", str(tmp_path / "data"), "--json")
    assert cli.main(["evaluate", str(folder), *judged]) == 0
    assert json.loads(capsys.readouterr().out)["miou"] == pytest.approx(1)


def test_a_vector_of_classes_is_no_segmentation(capsys, tmp_path, classes):
    model = onnx.load(network(tmp_path / "blocks.onnx"))
    model.graph.node.append(helper.make_node("GlobalAveragePool", ["scores"], ["pooled"]))
    model.graph.node.append(helper.make_node("Flatten", ["pooled"], ["vector"]))
    model.graph.output.insert(
        0, helper.make_tensor_value_info("vector", TensorProto.FLOAT, [1, len(NAMES)])
    )
    onnx.save(model, tmp_path / "two.onnx")
    given = (tmp_path / "two.onnx", "--classes", classes, "--output", tmp_path / "adopted")
    status, _, err = adopt(capsys, *given)
    assert status == 1 and "output vector (of vector, scores) has shape (1, 5)" in err
    assert adopt(capsys, *given, "--output-name", "scores")[0] == 0


def test_weights_beside_the_file_are_taken_in(capsys, tmp_path, classes):
    path = network(tmp_path / "blocks.onnx")
    onnx.save(
        onnx.load(path), path, save_as_external_data=True, location="weights.bin", size_threshold=0
    )
    folder = tmp_path / "adopted"
    assert adopt(capsys, path, "--classes", classes, "--output", folder)[0] == 0
    path.unlink()
    (tmp_path / "weights.bin").unlink()
    assert load_segmenter(folder, "cpu").segment(blocks_picture()).mask.shape == (48, 64)


@pytest.mark.parametrize(
    ("options", "arguments", "sentence"),
    [
        ({"size": (0, 0)}, (), "choose one as --input-size"),
        ({}, ("--input-size", "128x96"), "give --input-size 64x48"),
        ({"size": (0, 0)}, ("--input-size", "60x48"), "multiples of 8"),
        ({}, ("--output-name", "nothing"), "choose one of scores"),
        ({}, ("--layout", "nhwc"), "give --layout nchw"),
        ({}, ("--std", "0,1,1"), "must not be 0"),
        ({}, ("--mean", "nan,0,0"), "finite"),
        ({}, ("--classes", "cityscapes"), "no axis of 19 classes"),
        ({"dtype": "byte"}, ("--mean", "0.5,0.5,0.5"), "takes pictures as they are"),
        ({"kind": "labels"}, ("--classes", "icdar2015"), "the classes go from 0 to 1"),
    ],
)
def test_what_cannot_be_adopted(capsys, tmp_path, classes, options, arguments, sentence):
    path = network(tmp_path / "blocks.onnx", **options)
    folder = tmp_path / "adopted"
    given = ("--classes", classes, *arguments, "--output", folder)
    status, _, err = adopt(capsys, path, *given)
    assert status == 1 and sentence in err and err.count("\n") == 1, err
    assert not folder.exists()


@pytest.mark.parametrize("content", [b"", b"no graph", b"\x08\x08\x12"])
def test_a_file_that_is_no_graph(capsys, tmp_path, classes, content):
    path = tmp_path / "blocks.onnx"
    path.write_bytes(content)
    status, _, err = adopt(capsys, path, "--classes", classes, "--output", tmp_path / "adopted")
    assert status == 1 and "not a readable ONNX file" in err and err.count("\n") == 1
