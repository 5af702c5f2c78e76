(if_statement condition: (parenthesized_expression (assignment_expression left: (_) right: [(identifier) (number) (string) (true) (false) (null)]) @here))
