"""Projects in Git: a ref of a repository as files on disk, and the commit they are of."""
