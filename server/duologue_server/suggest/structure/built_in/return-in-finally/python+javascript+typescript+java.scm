(return_statement) @here
