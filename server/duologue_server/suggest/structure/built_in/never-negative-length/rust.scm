((binary_expression left: (call_expression function: (field_expression field: (field_identifier) @f)) operator: ["<" ">="] right: (integer_literal) @zero) @here (#eq? @f "len") (#eq? @zero "0"))
