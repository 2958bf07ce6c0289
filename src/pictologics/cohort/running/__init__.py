"""Running cases on Dask: the work on one of them, the engine, and the manifest of what became of each."""
