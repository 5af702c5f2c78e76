(expression_statement . (call_expression function: (identifier) @name) @here)
