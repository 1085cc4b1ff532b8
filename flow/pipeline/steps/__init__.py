"""The project's own steps of the flow, each a SiliconCompiler task."""
