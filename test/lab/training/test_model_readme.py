"""What a model folder says to people is what its card says."""

from mininet_ros.lab.training.model_readme import readme_of, write_readme

CARD = {
    "network": {"name": "mininet_v2_cpu", "options": {}},
    "classes": [{"name": "floor", "color": [1, 2, 3]}, {"name": "door", "color": [4, 5, 6]}],
    "input": {"width": 512, "height": 288},
    "data": {"name": "own", "split": "train", "images": 40, "licence": "CC0"},
    "training": {
        "dataset": "folder",
        "validation_split": "val",
        "epochs": 30,
        "images_seen": 1200,
        "best_epoch": 28,
        "hours": 0.5,
        "device": "cpu, 2 threads",
        "finished": "2026-01-31",
        "initial_model": "",
        "initial_run": "",
        "seed": 7,
    },
    "figures": {
        "validation_miou": 0.6173,
        "validation_pixel_accuracy": 0.9,
        "validation_iou": {"floor": 0.6173, "door": None},
    },
}


def test_says_what_the_card_says():
    text = readme_of("my_model", CARD)
    for said in (
        "# my_model",
        "mininet_v2_cpu for 2 classes of own at 512x288",
        "| mIoU | 61.73 % |",
        "| pixel accuracy | 90.00 % |",
        "| IoU of floor | 61.73 % |",
        "| IoU of door | absent |",
        "mininet_ros evaluate my_model --dataset folder --data DIR --split val",
        "40 images of own train; licence: CC0",
        "cpu, 2 threads in 0.5 hours",
        "1,200 crops in 30 epochs",
        "fresh weights, seed 7",
        "epoch 28",
        "**Seen to fail:**",
        "**Not for:**",
    ):
        assert said in text
    assert "Taught" not in text


def test_names_the_teacher_with_its_licence():
    teacher = {"name": "large", "licence": "MIT", "data": "Cityscapes", "unlabelled_images": 7}
    text = readme_of("my_model", CARD | {"teacher": teacher})
    assert "**Taught** by large, too, on those images and 7 more without labels" in text
    assert "Licence: MIT. It learned from: Cityscapes." in text


def test_an_edited_readme_is_kept(tmp_path):
    write_readme(tmp_path, CARD)
    written = tmp_path / "README.md"
    assert written.read_text() == readme_of(tmp_path.name, CARD)
    written.write_text("mine")
    write_readme(tmp_path, CARD)
    assert written.read_text() == "mine"
