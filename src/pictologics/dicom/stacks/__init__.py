"""The frames of a volume to planes of a Grid, or why they form none."""
