"""Benchmarks: `make bench` prints one table. Figures are of one run on one machine: compare ratios, not numbers."""
