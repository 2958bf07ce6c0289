"""True files of known geometry, written by software that is not ours."""
