(expression_statement [(binary_expression) (identifier) (selector_expression) (nil) (true) (false) (int_literal) (interpreted_string_literal)] @here)
