"""Coverage-guided fuzzing of every reader: ``python -m fuzz --help``.

Whatever bytes a reader is given, it returns an image or raises an error of ours, soon and in memory in proportion to
the bytes. Inputs that break this are findings: they are made as small as they will go and belong into ``tests``.
"""
