(for_statement (for_clause initializer: (_) @start condition: (_) @asked update: (_) @step)) @here
