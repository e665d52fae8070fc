"""Trial ``revisit``: the same way forth, back and forth again."""

from __future__ import annotations

from mininet_ros.keyframes.settings import KeyframeSettings
from mininet_ros.lab.keyframes.trials.drive import Drive, restamped
from mininet_ros.lab.keyframes.trials.outcome import Trial, forwarded, select


def revisit_trial(drive: Drive, settings: KeyframeSettings) -> Trial:
    """Play the drive forward, backward and forward; count what each pass adds."""
    forth = list(drive.frames)
    way = restamped([*forth, *forth[-2::-1], *forth[1:]], drive.rate_hz)
    chosen = forwarded(select(settings, way, drive.classes))
    alone = len(forwarded(select(settings, restamped(forth, drive.rate_hz), drive.classes)))
    length = len(forth)
    ends = (length, 2 * length - 1, 3 * length - 2)
    rows, start = [], 0
    for name, end in zip(("forth", "back", "forth again"), ends):
        rows.append(
            {
                "pass": name,
                "keyframes": sum(start <= index < end for index in chosen),
                "of frames": end - start,
            }
        )
        start = end
    rows.append({"pass": "all three", "keyframes": len(chosen), "of frames": ends[-1]})
    rows.append({"pass": "forth, nothing after it", "keyframes": alone, "of frames": length})
    return Trial(
        "revisit",
        f"{drive.name} forward, backward and forward. Every-N sends as much in each pass.",
        tuple(rows),
    )
