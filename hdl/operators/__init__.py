"""The two operators: e^x * V, fused and separate."""
