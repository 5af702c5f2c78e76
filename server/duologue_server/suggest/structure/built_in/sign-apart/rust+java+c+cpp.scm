(assignment_expression right: (unary_expression)) @here
