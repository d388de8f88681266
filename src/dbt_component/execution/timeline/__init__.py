"""The timeline of a run: when each node ran, what determined the end, and how that compares with earlier runs."""
