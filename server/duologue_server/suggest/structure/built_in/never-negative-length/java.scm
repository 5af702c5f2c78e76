((binary_expression left: (method_invocation name: (identifier) @f) operator: ["<" ">="] right: (decimal_integer_literal) @zero) @here (#any-of? @f "size" "length") (#eq? @zero "0"))
