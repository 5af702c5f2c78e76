(assignment right: (unary_operator)) @here
