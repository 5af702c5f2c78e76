"""What may be worth saying: detectors, the agenda, answers, the background model."""
