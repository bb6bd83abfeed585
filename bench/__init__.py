"""Measurements of Deskhand's hot paths, as ratios side by side in one run."""
