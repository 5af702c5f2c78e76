(binary_expression operator: ["==" "!="] right: (decimal_floating_point_literal) @number) @here
