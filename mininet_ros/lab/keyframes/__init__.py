"""The judgement of the keyframe selector: sequences with truth, baselines, degraded copies."""
