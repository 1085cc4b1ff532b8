"""The engines: what each needs on this machine, and the front ends that run them."""
