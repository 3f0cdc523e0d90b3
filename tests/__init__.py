"""Tests mirror the tree; conformance, attacks, e2e and benchmarks stand beside it."""
