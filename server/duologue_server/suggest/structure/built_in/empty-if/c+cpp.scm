(if_statement consequence: (expression_statement . ";")) @here
