"""The layer under the circuits: units that keep their hierarchy."""
