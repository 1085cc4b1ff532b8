"""The version of the project: the one place that says it."""

VERSION = "0.2.0"
