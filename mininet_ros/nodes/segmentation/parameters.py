"""The parameters of the segmentation node."""

from __future__ import annotations

from dataclasses import dataclass, field

from mininet_ros.inference import BACKENDS, RUNTIMES
from mininet_ros.nodes.common.endpoints import RELIABILITIES
from mininet_ros.nodes.common.image_settings import ImageSettings
from mininet_ros.parameters import Change, parameter


@dataclass(frozen=True)
class SegmentationParameters:
    """Parameters of the model, the input and the outputs."""

    autostart: bool = parameter(
        True,
        "Whether the node configures and activates itself when it starts; false leaves that to a "
        "lifecycle manager.",
    )
    backend: str = parameter(
        "auto",
        "Device that runs the network: cpu (ONNX Runtime), gpu (PyTorch with CUDA, or a GPU "
        "provider of ONNX Runtime; an error where there is none), or auto: the GPU if it is "
        "usable, else the CPU.",
        choices=BACKENDS,
        change=Change.ON_CONFIGURE,
    )
    runtime: str = parameter(
        "auto",
        "Library that runs the network; auto takes ONNX Runtime on the CPU, and on the GPU PyTorch "
        "where it is installed.",
        choices=RUNTIMES,
        change=Change.ON_CONFIGURE,
    )
    providers: tuple[str, ...] = parameter(
        ("auto",),
        "Execution providers of ONNX Runtime by name, the preferred one first, such as "
        "OpenVINOExecutionProvider; auto alone takes those of the backend.",
        change=Change.ON_CONFIGURE,
    )
    model: str = parameter(
        "camvid",
        "Model that labels the images: model family (camvid), folder name "
        "(camvid_mininet_v2_cpu), or path of a model folder.",
        change=Change.ON_CONFIGURE,
    )
    network: str = parameter(
        "auto",
        "Network of the model family (mininet_v2_cpu, mininet_v2, ...); auto takes mininet_v2_cpu "
        "on the CPU and mininet_v2 on the GPU.",
        change=Change.ON_CONFIGURE,
    )
    threads: int = parameter(
        0,
        "Number of CPU threads of the inference; 0 lets the runtime choose.",
        0,
        256,
        change=Change.ON_CONFIGURE,
    )
    precision: str = parameter(
        "auto",
        "Arithmetic of the CPU inference: float32, int8 (for models that have it; slightly less "
        "accurate), or auto: the faster one on this machine, measured at start.",
        choices=("auto", "float32", "int8"),
        change=Change.ON_CONFIGURE,
    )
    image_transport: str = parameter(
        "raw",
        "Form of the camera images: raw is the topic image, compressed is image/compressed.",
        choices=("raw", "compressed"),
        change=Change.AT_ONCE,
    )
    reliability: str = parameter(
        "best_effort",
        "Reliability of the camera subscription: best_effort takes the images of every camera, "
        "reliable only those of cameras that publish so.",
        choices=RELIABILITIES,
        change=Change.AT_ONCE,
    )
    images: ImageSettings = field(default_factory=ImageSettings)
    mask_size: str = parameter(
        "camera",
        "Size of mask and confidence: camera is the size of the image, network that of the "
        "model's input; segmentation/camera_info is rescaled with it.",
        choices=("camera", "network"),
        change=Change.AT_ONCE,
    )
    overlay_alpha: float = parameter(
        0.5,
        "Weight of the class colours in the overlay: 0 shows the picture alone, 1 the classes.",
        0.0,
        1.0,
        change=Change.AT_ONCE,
    )
    groups: tuple[str, ...] = parameter(
        ("",),
        "Classes that masks merge, one entry for each merged class, for example "
        "ground=Road+Sidewalk; [''] takes the groups of the model's card, where it has any.",
        change=Change.ON_CONFIGURE,
    )
    mask_classes: tuple[str, ...] = parameter(
        ("",),
        "Classes of the model that segmentation/class_mask shows as 255, for example moving things "
        "that a visual SLAM system leaves out; [''] for none.",
        change=Change.AT_ONCE,
    )
    class_mask_inverse: bool = parameter(
        False,
        "Whether segmentation/class_mask shows all pixels except those of mask_classes as 255.",
        change=Change.AT_ONCE,
    )
    rotate: int = parameter(
        0,
        "Clockwise rotation, degrees, that brings the camera's images upright for the network; "
        "masks come out as the camera holds its images.",
        choices=(0, 90, 180, 270),
        change=Change.AT_ONCE,
    )
    max_rate: float = parameter(
        0.0,
        "Largest number of images segmented per second, evenly spaced; 0 is no limit.",
        0.0,
        1000.0,
        change=Change.AT_ONCE,
    )
