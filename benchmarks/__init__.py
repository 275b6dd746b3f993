"""What docs/performance.md quotes: each module runs by itself and prints ratios against a peer in the same run."""
