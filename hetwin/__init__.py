"""The composition root: the `hetwin` command and everything that puts the rooms together."""
