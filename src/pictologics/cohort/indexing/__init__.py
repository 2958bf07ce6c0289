"""From a tree of files to the tables of a cohort."""
