"""The tables that the paper prints (T-RO 2020, Tables II-VIII), as data.

Values are stored as printed, so that their precision is known; :func:`number` parses them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# Training protocols of the paper: its analysis (Sec. VI-A), its benchmarks (Sec. VII-A).
ANALYSIS = "analysis"
BENCHMARK = "benchmark"


@dataclass(frozen=True)
class PaperRow:
    """One row as printed; an empty string means a dash or no such column in the paper.

    Attributes:
        name: name of the method.
        network: name of the network in this package; empty if the package does not have it.
        width, height: size of the input in pixels.
        gpu_ms: time in ms on the GPU named in brackets, or on a Titan Xp if none is named.
        cpu_ms: time in ms on an Intel i5-8600k.
        parameters: number of parameters in millions.
        gflops: floating point operations in 10^9, as TensorFlow's profiler counts them.
        megabytes: size of the model in megabytes.
        miou: mIoU in percent, without pretraining.
        pretrained_miou: mIoU in percent, with pretraining on ImageNet.
    """

    name: str
    network: str
    width: int
    height: int
    gpu_ms: str = ""
    cpu_ms: str = ""
    parameters: str = ""
    gflops: str = ""
    megabytes: str = ""
    miou: str = ""
    pretrained_miou: str = ""


@dataclass(frozen=True)
class PaperTable:
    """One table.

    Attributes:
        number: number of the table in Roman numerals.
        title: subject of the table.
        evaluated_on: dataset and split on which the printed mIoU was measured.
        classes: number of classes of the networks of this package in the table.
        protocol: training protocol of the networks, :data:`ANALYSIS` or :data:`BENCHMARK`.
        rows: rows in the order of the paper.
        remark: reason why a printed count cannot be reproduced.
    """

    number: str
    title: str
    evaluated_on: str
    classes: int
    protocol: str
    rows: tuple[PaperRow, ...]
    remark: str = ""


def number(printed: str) -> float | None:
    """Return the first number of a value such as ``20 (TXp), 11 (2080ti)``; None for a dash."""
    found = re.match(r"\d+(\.\d+)?", printed)
    return float(found[0]) if found else None


def _read(columns: tuple[str, ...], size: str | None, text: str) -> tuple[PaperRow, ...]:
    """Parse rows from lines with cells between bars; ``-`` is a dash, ``size`` is for all rows."""
    rows = []
    for line in text.strip().splitlines():
        cells = (cell.strip() for cell in line.split("|"))
        values = {
            column: "" if cell == "-" else cell for column, cell in zip(columns, cells, strict=True)
        }
        width, height = (int(side) for side in (size or values.pop("size")).split("x"))
        rows.append(PaperRow(width=width, height=height, **values))
    return tuple(rows)


_ANALYSIS = ("name", "network", "gpu_ms", "cpu_ms", "parameters", "gflops", "megabytes", "miou")
_BENCHMARK = (
    *("name", "network", "gpu_ms", "size", "parameters", "megabytes", "gflops"),
    *("pretrained_miou", "miou"),
)
_TEXT = ("name", "network", "gpu_ms", "size", "parameters", "megabytes", "gflops", "miou")

_II = """
ERFNet-S           | erfnet_s       | 10 | 88  | 2.06 | 13.42 | 7.95  | 58.79
ERFNet-D           | erfnet_d       | 10 | 62  | 0.49 | 3.20  | 1.93  | 58.36
MiniNet-v2-S       | mininet_v2_s   | 9  | 109 | 3.02 | 19.68 | 11.55 | 58.89
MiniNet-v2-D       | mininet_v2_d   | 9  | 61  | 0.49 | 3.28  | 1.97  | 58.51
"""
_III = """
MiniNet-v2-D       | mininet_v2_d   | 9  | 61  | 0.49 | 3.28  | 1.97  | 58.51
MiniNet-v2-D-S     | mininet_v2_d_s | 9  | 62  | 0.49 | 3.28  | 1.97  | 56.89
MiniNet-v2-D-I     | mininet_v2_d_i | 9  | 62  | 0.49 | 3.42  | 2.00  | 58.71
"""
_IV = """
MiniNet-v2-D-I-E   | mininet_v2_e   | 9  | 61  | 0.49 | 3.42  | 2.00  | 58.71
MiniNet-v2-D-I-0   | mininet_v2_0   | 9  | 55  | 0.49 | 3.42  | 2.00  | 57.91
MiniNet-v2-D-I-1   | mininet_v2_1   | 9  | 60  | 0.49 | 3.42  | 2.00  | 58.81
MiniNet-v2-D-I-2   | mininet_v2_2   | 9  | 64  | 0.49 | 3.42  | 2.00  | 57.21
MiniNet-v2-D-I-M   | mininet_v2_m   | 10 | 69  | 0.53 | 3.66  | 2.10  | 59.36
"""
_V = """
MiniNet-v2-D-I-M   | mininet_v2_m   | 10 | 74  | 0.53 | 3.66  | 2.10  | 59.36
MiniNet-v2-D-I-M-R | mininet_v2_m_r | 8  | 54  | 0.52 | 3.22  | 2.02  | 59.08
"""
_VI = """
Li et al.      | - | 7* (1080ti)  | 1536x768  | 2.9** | - | - | 71.4 | -
ICNet          | - | 30 (TX)      | 2048x1024 | 6.7  | -      | -      | -    | 70.6
GUN            | - | 27 (TXp)     | 1024x512  | 19.0 | -      | 58.7   | 70.4 | -
ERFNet         | erfnet_s | 20 (TXp) | 1024x512 | 2.1 | 7.95  | 53.78  | 69.7 | 68.0
Mazzini et al. | - | 9 (TXp)      | 1024x512  | 1.4  | -      | -      | 68.9 | 63.7
CGNet          | - | 56 (V100)    | 2048x1024 | 0.5  | -      | -      | -    | 64.8
ThunderNet     | - | 10 (TX)      | 1024x512  | 4.7  | -      | -      | 64.0 | -
ESPNet         | - | 9 (TX)       | 512x256   | 0.4  | 1.46   | 4.5    | -    | 60.3
ENet           | - | 13 (TX)      | 1024x512  | 0.4  | 1.64   | 8.72   | -    | 58.3
SegNet-basic   | - | 60 (TX)      | 480x360   | 29.5 | 112.40 | 286.03 | -    | 56.1
MiniNet        | mininet | 5 (TXp) | 512x256  | 3.1  | 12.35  | 1.06   | -    | 40.7
MiniNet-v2     | mininet_v2 | 20 (TXp), 11 (2080ti) | 1024x512 | 0.5 | 2.02 | 12.89 | - | 70.5
MiniNet-v2     | mininet_v2 | 9 (TXp)  | 512x256 | 0.5 | 2.02 | 3.22   | -    | 64.7
MiniNet-v2-cpu | mininet_v2_cpu | 4 (TXp) | 512x256 | 0.3 | 1.06 | 1.68 | -  | 59.3
"""
_VII = """
Mazzini et al. | - | 4(TXp)   | 480x360 | 1.4 | -     | -      | 68.7 | -
ERFNet         | erfnet_s | 28 (TXp) | 960x720 | 2.1 | 7.95 | 70.90 | - | 68.3
ICNet          | - | 36 (TX)  | 960x720 | 6.7 | -     | -      | -    | 67.1
FC-DenseNet103 | - | 109 (TXp) | 480x360 | 9.4 | 35.77 | 139.43 | -   | 66.9
FC-DenseNet56  | - | 70 (TXp) | 480x360 | 1.5 | 5.29  | 61.75  | -    | 58.9
SegNet-basic   | - | 60 (TX)  | 480x360 | 29.5 | 112.4 | 286.03 | 55.6 | -
ENet           | - | 6 (TX)   | 480x360 | 0.4 | 1.64  | 2.87   | -    | 51.3
MiniNet        | mininet | 5 (TXp) | 512x256 | 3.1 | 12.35 | 1.06 | - | 41.3
MiniNet-v2     | mininet_v2 | 28 (TXp), 15 (2080ti) | 960x720 | 0.5 | 2.02 | 17.01 | - | 69.0
MiniNet-v2     | mininet_v2 | 9 (TXp) | 480x360 | 0.5 | 2.02 | 4.22 | - | 66.1
MiniNet-v2-cpu | mininet_v2_cpu | 5 (TXp) | 480x360 | 0.3 | 1.06 | 2.22 | - | 59.9
"""
_VIII = """
DeepLabV3+     | - | 32 (TXp) | 512x512  | 41.1 | -    | 51.44 | 32.29
ERFNet         | erfnet_s | 20 (TXp) | 1024x512 | 2.1 | 7.95 | 53.78 | 29.27
MiniNet        | mininet | 5 (TXp) | 512x256 | 3.1 | 12.35 | 1.06 | 27.63
MiniNet-v2     | mininet_v2 | 20 (TXp), 11 (2080ti) | 1024x512 | 0.5 | 2.02 | 12.89 | 30.78
MiniNet-v2     | mininet_v2 | 8 (TXp) | 512x256 | 0.5 | 2.02 | 3.22 | 29.02
MiniNet-v2-cpu | mininet_v2_cpu | 4 (TXp) | 512x256 | 0.3 | 1.06 | 1.68 | 28.82
"""


_NO_COUNT = (
    "The printed memory of ERFNet-S and of the depthwise separable networks is no count of weights "
    "and statistics: mininet_ros/network/erfnet.py and ablation.py say why."
)
_MININET = "MiniNet's printed GFLOPs are those with 2 classes; its memory is more than its weights."
_19_CLASSES = f"Printed costs are those with 19 classes. {_MININET}"


def _analysis(number: str, title: str, text: str, remark: str = _NO_COUNT) -> PaperTable:
    """Build a table of Sec. VI; every network has an input of 512x256."""
    rows = _read(_ANALYSIS, "512x256", text)
    return PaperTable(number, title, "validation set of Cityscapes", 19, ANALYSIS, rows, remark)


def _benchmark(
    number: str, title: str, evaluated_on: str, classes: int, text: str, remark: str
) -> PaperTable:
    """Build a table of Sec. VII; the last one has no column for pretraining."""
    columns = _TEXT if number == "VIII" else _BENCHMARK
    rows = _read(columns, None, text)
    return PaperTable(number, title, evaluated_on, classes, BENCHMARK, rows, remark)


_DILATION = "dilation: ERFNet's (E), none (0), least for the whole view (1), double (2), multi (M)"
_ALL = (
    _analysis("II", "factorised (ERFNet) or not, separable (D) or standard (S) convolutions", _II),
    _analysis("III", "skip connection from early layers (S) or light additional branch (I)", _III),
    _analysis("IV", _DILATION, _IV),
    _analysis("V", "reduced output resolution (R)", _V, ""),
    _benchmark("VI", "Cityscapes", "test set of Cityscapes", 19, _VI, _MININET),
    _benchmark("VII", "CamVid", "test set of CamVid", 11, _VII, _19_CLASSES),
    _benchmark("VIII", "binary text segmentation", "COCO-Text", 2, _VIII, _19_CLASSES),
)
TABLES = {table.number: table for table in _ALL}
