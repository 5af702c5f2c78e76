(for_statement (for_clause condition: (_) @bound) body: (block) @body) @here
