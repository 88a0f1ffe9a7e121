"""Many networks in one batched computation of torch."""
