(if_statement condition: (parenthesized_expression (assignment_expression left: (_) operator: "=" right: [(identifier) (number_literal) (true) (false)]) @here))
