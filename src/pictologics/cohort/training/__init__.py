"""Cases as tensors: what a network is trained on."""
