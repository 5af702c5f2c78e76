(expression_statement (binary_expression) @here)
