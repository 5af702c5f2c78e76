(expression_statement [(binary_expression operator: ["==" "!=" "<" ">" "<=" ">=" "+" "-" "*" "/"]) (identifier)] @here)
(expression_statement [(boolean_literal) (integer_literal) (string_literal) (scoped_identifier)] @here)
