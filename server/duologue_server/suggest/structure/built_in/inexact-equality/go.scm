(binary_expression operator: ["==" "!="] right: (float_literal) @number) @here
