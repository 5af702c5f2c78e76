(expression_statement [(binary_expression) (identifier) (true) (false) (null_literal) (this) (decimal_integer_literal) (string_literal) (cast_expression)] @here)
