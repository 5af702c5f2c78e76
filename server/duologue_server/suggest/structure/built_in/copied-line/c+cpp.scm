(compound_statement) @here
