(if_statement) @here
