"""Projects in Git: resolves a ref to a commit and checks out its files."""
