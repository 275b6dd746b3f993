"""Starting everything: the steps of a first start, and the supervisor that keeps the processes running."""
