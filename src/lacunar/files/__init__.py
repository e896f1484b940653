"""Atomic writes of files and directories, checkpoints, and TOML input."""
