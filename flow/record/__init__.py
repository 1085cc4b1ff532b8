"""What a run is: settings, depths, folder, result."""
