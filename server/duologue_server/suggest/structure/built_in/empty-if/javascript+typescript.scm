(if_statement consequence: (empty_statement)) @here
