"""The paper's tables rebuilt: what its networks cost and score here, beside what it prints."""
