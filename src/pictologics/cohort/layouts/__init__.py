"""Where the files of a run go, and what they are called: a layout for each kind of data set."""
