"""The FlashAttention-2 kernels and the groups they are built of."""
