"""The selector's reasons in words for people."""

from __future__ import annotations

from mininet_ros.keyframes.selection.decisions import Reason

TITLES = {
    Reason.BEST_OF_WINDOW: "best of its part of the way",
    Reason.BEST_FOR_REQUEST: "answer to a request",
    Reason.PASSED_GATE: "good enough at once",
    Reason.MAX_GAP: "longest gap reached",
    Reason.KEPT_OVERLAP: "last that overlaps enough",
    Reason.HEARTBEAT: "sign of life at rest",
    Reason.IN_SET: "one of the set",
    Reason.NOT_IN_SET: "not needed for the set",
    Reason.NOT_BEST: "another was better",
    Reason.AT_REST: "camera at rest",
    Reason.KNOWN_VIEW: "known view",
    Reason.NOT_REQUESTED: "not requested",
    Reason.BELOW_GATE: "not good enough",
    Reason.BELOW_QUALITY: "poor picture",
    Reason.BELOW_CONTENT: "too little in view",
    Reason.BELOW_PARALLAX: "too little motion",
    Reason.MIN_GAP: "too soon",
    Reason.ROOM_FULL: "no room to wait",
    Reason.REPEATED_STAMP: "stamp came before",
    Reason.OUT_OF_ORDER: "out of order",
    Reason.UNSET_STAMP: "no stamp",
    Reason.TIME_JUMPED: "time jumped back",
    Reason.MODE_CHANGED: "mode changed",
    Reason.STREAM_ENDED: "end of the recording",
}
"""Name of each reason in few words."""

MEANINGS = {
    Reason.BEST_OF_WINDOW: "forwarded when its window closed",
    Reason.BEST_FOR_REQUEST: "forwarded as the best near a requested stamp",
    Reason.PASSED_GATE: "forwarded at once, good enough among the recent ones",
    Reason.MAX_GAP: "forwarded because nothing had been for max_gap_s",
    Reason.KEPT_OVERLAP: "forwarded before too little of the last forwarded view was left",
    Reason.HEARTBEAT: "forwarded because the camera had rested for heartbeat_s",
    Reason.IN_SET: "chosen: the set of this size covers the recording best with it",
    Reason.NOT_IN_SET: "left out: the chosen frames cover the recording without it",
    Reason.NOT_BEST: "another frame was better",
    Reason.AT_REST: "the camera rested and nothing new was seen",
    Reason.KNOWN_VIEW: "the view was forwarded on an earlier visit",
    Reason.NOT_REQUESTED: "no request came for it in time",
    Reason.BELOW_GATE: "not good enough among the recent ones",
    Reason.BELOW_QUALITY: "quality below quality_floor",
    Reason.BELOW_CONTENT: "content below content_floor",
    Reason.BELOW_PARALLAX: "parallax below parallax_floor",
    Reason.MIN_GAP: "too soon after a forwarded frame",
    Reason.ROOM_FULL: "more than max_waiting_bytes waited",
    Reason.REPEATED_STAMP: "another frame had its stamp",
    Reason.OUT_OF_ORDER: "its stamp is older than that of the frame before",
    Reason.UNSET_STAMP: "its stamp is zero",
    Reason.TIME_JUMPED: "time jumped back while it waited",
    Reason.MODE_CHANGED: "the mode changed while it waited",
    Reason.STREAM_ENDED: "the recording ended before its turn",
}
"""Text of each reason for people, with the parameter that it depends on."""
