(binary_expression operator: ["==" "!="] right: (number_literal) @number) @here
