"""Bad messages and files by the hundred thousand: ``make fuzz``.

Each kind of input runs in a process of its own, which is restarted after a crash. An input counts
as served, or refused in the one sentence that its reader promises, or as crashed: by any other
error, a signal, or more than 4 GB of memory.
"""

from __future__ import annotations

import argparse
import json
import logging
import mmap
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from types import SimpleNamespace

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "support"))

from bad_messages import bad_messages, damaged, pictures
from hypothesis import HealthCheck, Phase, given, seed, settings

from mininet_ros.images.class_tables import CAMVID, read_yaml
from mininet_ros.images.decoding import ImageDecoder
from mininet_ros.images.encodings import ImageError
from mininet_ros.images.label_pictures import LabelRules, read_label_picture
from mininet_ros.inference.graph_checks import refuse_external_data
from mininet_ros.models import ModelError, model_from_card, models_folder
from mininet_ros.sequences import SequenceError, open_sequence

MAX_MEMORY = 4 << 30
FRAMES = 20
BATCH = 1000  # messages that hypothesis makes
RULES = LabelRules(tuple(range(len(CAMVID.names))), CAMVID.colors)

Case = Callable[[], object]


@dataclass(frozen=True)
class Target:
    """One kind of input.

    Attributes:
        share: of all inputs, 0 to 1.
        cases: gives the inputs from a seed, each as what reads it.
        refusals: errors that refuse an input as promised.
    """

    share: float
    cases: Callable[[int, Path], Iterator[Case]]
    refusals: tuple[type[Exception], ...]


def messages(first: int, _folder: Path) -> Iterator[Case]:
    """Raw and compressed image messages: hypothesis' own, then others of their fields."""
    found: list[SimpleNamespace] = []

    @seed(first)
    @settings(
        max_examples=BATCH, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(bad_messages)
    def collect(message: SimpleNamespace) -> None:
        found.append(message)

    collect()
    decoder, random = ImageDecoder(), np.random.default_rng(first)
    yield from (partial(decoder.message, message) for message in found)
    kinds = [
        [message for message in found if hasattr(message, "encoding") == is_raw]
        for is_raw in (True, False)
    ]
    while True:
        kind = kinds[int(random.integers(2))]
        donors = random.integers(len(kind), size=8)
        fields = {
            name: getattr(kind[donor], name)
            for name, donor in zip(vars(kind[0]), donors, strict=False)
        }
        if "format" in fields and len(fields["data"]):
            fields["data"] = np.frombuffer(damaged(fields["data"].tobytes(), random), np.uint8)
        yield partial(decoder.message, SimpleNamespace(**fields))


def image_files(first: int, folder: Path) -> Iterator[Case]:
    """Image files of every format, as pictures and as labels."""
    random, whole = np.random.default_rng(first), pictures()
    path = folder / "picture.png"
    while True:
        path.write_bytes(damaged(whole[int(random.integers(len(whole)))], random))
        if random.random() < 0.5:
            yield lambda: read_label_picture(path, RULES)
        else:
            yield lambda: ImageDecoder().encoded(ImageDecoder().read(path)[0])


def bags(first: int, folder: Path) -> Iterator[Case]:
    """Bags of every kind."""
    from bag_recorder import Recorder

    random = np.random.default_rng(first)
    kinds = ("ros1", "mcap", "sqlite")
    recorded = []
    for kind in kinds:
        (folder / kind).mkdir()
        with Recorder(kind, folder / kind) as recorder:
            for index in range(8):
                image = np.full((12, 16, 3), 20 * index, np.uint8)
                stamp = 10**18 + index * 10**8
                recorder.write("/image", recorder.image(image, "bgr8", stamp), stamp)
        path = recorder.path
        files = [path] if path.is_file() else [*path.glob("*.mcap"), *path.glob("*.db3")]
        recorded.append((path, files[0], files[0].read_bytes()))
    while True:
        path, file, content = recorded[int(random.integers(len(recorded)))]
        file.write_bytes(damaged(content, random))
        yield lambda path=path: _read(path)


def videos(first: int, folder: Path) -> Iterator[Case]:
    """Motion JPEG and MPEG-4 videos."""
    import cv2

    random = np.random.default_rng(first)
    recorded = []
    for name, codec in (("a.avi", "MJPG"), ("b.mp4", "mp4v")):
        writer = cv2.VideoWriter(str(folder / name), cv2.VideoWriter_fourcc(*codec), 10, (64, 48))
        for index in range(10):
            writer.write(np.full((48, 64, 3), 20 * index, np.uint8))
        writer.release()
        recorded.append((folder / name, (folder / name).read_bytes()))
    while True:
        path, content = recorded[int(random.integers(len(recorded)))]
        path.write_bytes(damaged(content, random))
        yield lambda path=path: _read(path)


def cards(first: int, folder: Path) -> Iterator[Case]:
    """Cards of models."""
    random = np.random.default_rng(first)
    content = (models_folder() / "camvid_mininet_v2_cpu" / "model.yaml").read_bytes()
    while True:
        changed = damaged(content, random)
        yield lambda changed=changed: model_from_card(folder, read_yaml(changed))


def graphs(first: int, folder: Path) -> Iterator[Case]:
    """ONNX files, as far as they are read here."""
    random = np.random.default_rng(first)
    content = (models_folder() / "camvid_mininet_v2_cpu" / "model.int8.onnx").read_bytes()
    while True:
        changed = damaged(content, random)
        yield lambda changed=changed: refuse_external_data(folder / "model.onnx", changed)


TARGETS = {
    "messages": Target(0.60, messages, (ImageError,)),
    "cards": Target(0.02, cards, (ModelError, ValueError)),
    "graphs": Target(0.01, graphs, (ModelError,)),
    "videos": Target(0.02, videos, (SequenceError,)),
    "bags": Target(0.03, bags, (SequenceError,)),
    "image files": Target(0.32, image_files, (ImageError,)),
}


def _read(path: Path) -> None:
    for _ in islice(open_sequence(path), FRAMES):
        pass


def work(name: str, first: int, count: int, seconds: float, place: mmap.mmap) -> None:
    """Read inputs of one kind; counts and the number of the present input stand in ``place``."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    logging.disable(logging.CRITICAL)
    target, counts, examples = TARGETS[name], Counter(), []
    deadline = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as folder:
        for number, case in enumerate(islice(target.cases(first, Path(folder)), count)):
            place[:8] = number.to_bytes(8, "little")
            try:
                case()
                counts["served"] += 1
            except target.refusals:
                counts["refused"] += 1
            # Whatever else leaves a reader is what this program looks for.
            except Exception as error:  # noqa: BLE001
                counts["crashed"] += 1
                examples.append(f"{number}: {type(error).__name__}: {error}"[:300])
            if time.monotonic() > deadline:
                break
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({**counts, "peak_mb": round(memory_mb), "examples": examples[:5]}))


def run(name: str, first: int, count: int, seconds: float) -> dict[str, object]:
    """Read ``count`` inputs of one kind, in processes that are replaced where they crash."""
    total, examples, peak, ended = Counter(), [], 0, time.monotonic() + seconds
    with tempfile.NamedTemporaryFile() as shared:
        shared.write(bytes(8))
        shared.flush()
        while sum(total.values()) < count and (left := ended - time.monotonic()) > 0:
            wanted = count - sum(total.values())
            command = [sys.executable, __file__, "--work", name, "--place", shared.name]
            limits = ["--seed", str(first), "--count", str(wanted), "--seconds", str(left)]
            found = subprocess.run(
                [*command, *limits], capture_output=True, text=True,
                timeout=left + 120, check=False,
            )  # fmt: skip
            if found.returncode > 0:
                raise RuntimeError(f"the reader of {name} failed: {found.stderr.strip()[-400:]}")
            if found.returncode == 0:
                result = json.loads(found.stdout)
                peak = max(peak, result.pop("peak_mb"))
                examples += result.pop("examples")
                total.update(result)
                break
            number = int.from_bytes(Path(shared.name).read_bytes()[:8], "little")
            total.update(crashed=1, served=number)
            examples.append(f"input {number} of seed {first}: exit status {found.returncode}")
            first += 1
    counts = {kind: total[kind] for kind in ("served", "refused", "crashed")}
    return {**counts, "peak_mb": peak, "examples": examples}


def campaign(first: int, count: int, seconds: float) -> dict[str, dict[str, object]]:
    """All kinds of input, one after another; prints a line for each."""
    results = {}
    print(f"{'input':>12} {'served':>8} {'refused':>8} {'crashed':>8} {'peak MB':>8}")
    ending = time.monotonic() + seconds
    for number, (name, target) in enumerate(TARGETS.items()):
        # A kind that is done early leaves its time to the next ones.
        left = max(1.0, (ending - time.monotonic()) / (len(TARGETS) - number))
        found = run(name, first, max(1, round(target.share * count)), left)
        results[name] = found
        print(
            f"{name:>12} {found['served']:>8} {found['refused']:>8} {found['crashed']:>8} "
            f"{found['peak_mb']:>8}",
            flush=True,
        )
        for example in found["examples"]:
            print(f"{'':>12} {example}")
    return results


def main() -> int:
    """Run the campaign; the exit status is 1 where an input crashed its reader."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000, help="inputs (default: 100000)")
    parser.add_argument("--seed", type=int, default=1, help="(default: 1)")
    parser.add_argument("--seconds", type=float, default=1800, help="at most (default: 1800)")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    parser.add_argument("--place", type=Path, help=argparse.SUPPRESS)
    given_arguments = parser.parse_args()
    limits = (given_arguments.seed, given_arguments.count, given_arguments.seconds)
    if given_arguments.work:
        with given_arguments.place.open("r+b") as file:
            work(given_arguments.work, *limits, mmap.mmap(file.fileno(), 8))
        return 0
    started = time.monotonic()
    results = campaign(*limits)
    inputs = sum(int(found[kind]) for found in results.values() for kind in ("served", "refused"))
    crashed = sum(int(found["crashed"]) for found in results.values())
    print(
        f"{inputs + crashed} inputs from seed {given_arguments.seed} in "
        f"{time.monotonic() - started:.0f} s: {crashed} crashed"
    )
    return 1 if crashed else 0


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(main())
