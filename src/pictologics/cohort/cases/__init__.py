"""What a run works on: images and their masks, chosen from a cohort."""
