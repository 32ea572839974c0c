"""Runtime: the compositions, where the rooms meet files, processes and the clock."""
