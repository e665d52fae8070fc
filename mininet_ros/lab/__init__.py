"""What no robot runs: training, study, benchmark, the drawn street, the judgement of keyframes."""
