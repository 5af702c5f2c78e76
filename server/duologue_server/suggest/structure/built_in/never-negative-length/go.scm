((binary_expression left: (call_expression function: (identifier) @f) operator: ["<" ">="] right: (int_literal) @zero) @here (#eq? @f "len") (#eq? @zero "0"))
