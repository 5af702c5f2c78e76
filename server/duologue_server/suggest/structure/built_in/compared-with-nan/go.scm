((binary_expression operator: ["==" "!="] right: (call_expression function: (selector_expression field: (field_identifier) @nan))) @here (#eq? @nan "NaN"))
