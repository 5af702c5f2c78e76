(binary_expression left: (binary_expression operator: ["==" "==="]) operator: "||" right: [(string) (number)]) @here
