(binary_expression operator: ["==" "===" "!=" "!=="] right: (number) @number) @here
