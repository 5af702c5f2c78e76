"""One module per LSP concern; handlers convert and delegate to the session, nothing else."""
