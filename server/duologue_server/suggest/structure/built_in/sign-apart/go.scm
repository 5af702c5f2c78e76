(assignment_statement right: (expression_list (unary_expression))) @here
