"""The page on keyframes says of each score what its cue says."""

from __future__ import annotations

from pathlib import Path

from mininet_ros.keyframes.cues.scores import SCORES, scores_markdown

PAGE = Path(__file__).parents[2] / "docs" / "keyframes.md"


def test_the_page_has_the_table_of_scores() -> None:
    assert scores_markdown() in PAGE.read_text(encoding="utf-8")


def test_every_score_is_described_with_a_sentence_and_a_range() -> None:
    for name, described in SCORES.items():
        assert described.meaning.endswith(".") and described.meaning[0].isupper(), name
        assert described.high is None or described.low < described.high, name
