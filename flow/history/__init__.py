"""The history of results over revisions: database, gate, drift, dashboard."""
