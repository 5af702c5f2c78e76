(if_statement condition: (_) @asked consequence: (_) @body) @here
