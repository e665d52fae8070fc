"""The parameters of the segmentation node.

Model, network, backend, threads and precision are read when the node starts: to change the classes
under running subscribers would make their masks mean something else, so that takes a new node.
"""

from __future__ import annotations

from mininet_ros.nodes.common.parameters import ParameterSpec
from mininet_ros.nodes.common.topics import RELIABILITIES

SEGMENTATION_PARAMETERS = (
    ParameterSpec(
        "backend",
        "auto",
        "Where the network runs: cpu is ONNX Runtime, gpu is PyTorch with CUDA and fails where "
        "there is none, auto takes the GPU if it is usable and says what it took.",
        choices=("auto", "cpu", "gpu"),
    ),
    ParameterSpec(
        "model",
        "camvid",
        "Model family (camvid), model folder name (camvid_mininet_v2_cpu), or path of a folder.",
    ),
    ParameterSpec(
        "network",
        "auto",
        "Network of the family; auto pairs mininet_v2_cpu with cpu and mininet_v2 with gpu.",
        choices=("auto", "mininet_v2", "mininet_v2_cpu"),
    ),
    ParameterSpec("threads", 0, "CPU threads of the inference; 0 lets the runtime choose.", 0, 256),
    ParameterSpec(
        "precision",
        "auto",
        "Arithmetic on the CPU: float32, int8 (a model that has it), or auto: the faster one here, "
        "which the node measures when it starts.",
        choices=("auto", "float32", "int8"),
    ),
    ParameterSpec(
        "image_transport",
        "raw",
        "Input: raw is the topic image, compressed is image/compressed.",
        choices=("raw", "compressed"),
        runtime=True,
    ),
    ParameterSpec(
        "reliability",
        "best_effort",
        "Quality of service of the input; best_effort takes images of every camera.",
        choices=RELIABILITIES,
        runtime=True,
    ),
    ParameterSpec(
        "mask_size",
        "camera",
        "Size of mask and confidence: that of the camera image, or that of the network.",
        choices=("camera", "network"),
        runtime=True,
    ),
    ParameterSpec(
        "overlay_alpha",
        0.5,
        "Share of the class colours in the overlay; 0 shows the picture alone.",
        0.0,
        1.0,
        runtime=True,
    ),
    ParameterSpec(
        "max_rate",
        0.0,
        "Images a second that are worked on at most, evenly spaced; 0 is no limit.",
        0.0,
        1000.0,
        runtime=True,
    ),
)
