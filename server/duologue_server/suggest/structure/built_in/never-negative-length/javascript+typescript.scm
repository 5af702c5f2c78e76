((binary_expression left: (member_expression property: (property_identifier) @f) operator: ["<" ">="] right: (number) @zero) @here (#eq? @f "length") (#eq? @zero "0"))
